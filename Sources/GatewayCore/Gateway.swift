package import Access
package import Admission
package import Engine
internal import SMSModel

/// The service without its doors: what each of them is given, and how all of it starts and ends.
package final class Gateway: Sendable {
    package let writer: Writer
    package let clock: GatewayClock
    package let log: GatewayLog
    package let tenants: TenantDirectory
    package let queries: QueryService
    package let operations: Operations
    package let configuration: ConfigurationService
    package let carriers: CarrierIngress
    package let monitor: GatewayMonitor
    private let reader: StoreReader
    private let suppressions: SuppressionList
    private let guesses = GuessLimit()
    private let providers: ProviderRegistry
    private let reconciler: Reconciler?
    private let receiptInquiry: ReceiptInquiry?

    package init(
        writer: Writer, reader: StoreReader, clock: GatewayClock, log: GatewayLog, suppressions: SuppressionList,
        configuration: ConfigurationService, tenants: TenantDirectory, providers: ProviderRegistry,
        reconciler: Reconciler? = nil, receiptInquiry: ReceiptInquiry? = nil,
        healthBounds: HealthBounds = HealthBounds()
    ) {
        self.writer = writer
        self.reader = reader
        self.clock = clock
        self.log = log
        self.suppressions = suppressions
        self.configuration = configuration
        self.tenants = tenants
        self.providers = providers
        self.reconciler = reconciler
        self.receiptInquiry = receiptInquiry
        monitor = GatewayMonitor(writer: writer, providers: providers, clock: clock, bounds: healthBounds)
        queries = QueryService(
            reader: reader, writer: writer, clock: clock, tenants: tenants, suppressions: suppressions,
            monitor: monitor, configuration: configuration)
        operations = Operations(writer: writer, tenants: tenants, providers: providers, clock: clock)
        carriers = CarrierIngress(
            source: { name in
                let source = providers.webhook(of: name)
                // Strangers are not told, since they may only guess that there is a provider of that name.
                if source == nil, providers.lackingPublicURL.contains(name) {
                    log.webhookRefused(provider: name, "refused", reason: "webhooks.public-url is not set")
                }
                return source
            },
            writer: writer, clock: clock, log: log)
    }

    // MARK: For an event loop of a door

    package func makeAuthenticator() -> Authenticator {
        Authenticator(directory: tenants, guesses: guesses) { [log] peer, reason in
            log.authenticationFailed(peer.name, host: peer.host, reason: reason)
        }
    }

    /// - Parameter deliver: see ``Acceptor/init(writer:clock:suppressions:log:deliver:)``.
    package func makeAcceptor(deliver: @escaping @Sendable (AcceptorAnswers) -> Void) -> Acceptor {
        Acceptor(writer: writer, clock: clock, suppressions: suppressions, log: log, deliver: deliver)
    }

    /// Parameters are those of ``BulkAcceptor/init(writer:clock:suppressions:log:schedule:deliver:)``.
    package func makeBulkAcceptor(
        schedule: @escaping (_ microseconds: Int64) -> Void, deliver: @escaping @Sendable (BulkAnswer) -> Void
    ) -> BulkAcceptor {
        BulkAcceptor(
            writer: writer, clock: clock, suppressions: suppressions, log: log, schedule: schedule, deliver: deliver)
    }

    // MARK: Start and end

    package func start() {
        if let reconciler {
            writer.onUnresolved { [weak reconciler] in reconciler?.heard($0) }
            reconciler.start()
        }
        if let receiptInquiry {
            writer.tellReceipts { [weak receiptInquiry] in receiptInquiry?.heard($0) }
            receiptInquiry.start()
        }
        providers.start(reportingTo: writer)
        writer.start()
    }

    /// Hands nothing more to providers, waits for what they have, and stops. What is still with a provider
    /// after `grace` is told as possibly sent at the next start.
    package func shutDown(grace: Duration) async {
        storeLastUses()
        reconciler?.stop()
        receiptInquiry?.stop()
        writer.command(.drain)
        let end = ContinuousClock.now + grace
        while writer.report.inFlight > 0 || !writer.report.isDraining, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
        }
        providers.stop()
        writer.stop()
        reader.stop()
    }

    /// Keeps when keys were used last.
    package func storeLastUses() {
        configuration.storeLastUses(tenants.takeLastUses())
    }
}
