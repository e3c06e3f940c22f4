package import Access
package import Admission
package import Engine
package import GatewayCore
internal import Glibc
internal import Providers
package import RPCWire
internal import SMSModel
internal import Storage
internal import Synchronization

/// The service without its sockets: the writer, the reader that answers questions, and the providers.
package final class Gateway: Sendable {
    package let writer: Writer
    package let reader: StoreReader
    package let clock: GatewayClock
    package let log: GatewayLog
    package let suppressions: SuppressionList
    let administration: Administration
    package let tenants: TenantDirectory
    /// Takes what carriers post; nil = no provider takes webhooks.
    package let webhooks: WebhookDesk?
    let guesses = GuessLimit()
    package let providers: ProviderRegistry
    private let reconciler: Reconciler?
    private let receiptInquiry: ReceiptInquiry?
    private let serverID: String
    private let serverAgent: String
    private let startedAt: Int64
    private let connectionCount: Mutex<@Sendable () -> Int>

    package init(
        writer: Writer, reader: StoreReader, clock: GatewayClock, log: GatewayLog, suppressions: SuppressionList,
        administration: Administration, tenants: TenantDirectory, providers: ProviderRegistry,
        webhooks: WebhookDesk? = nil, reconciler: Reconciler? = nil, receiptInquiry: ReceiptInquiry? = nil,
        serverID: String, serverAgent: String
    ) {
        self.writer = writer
        self.reader = reader
        self.clock = clock
        self.log = log
        self.suppressions = suppressions
        self.administration = administration
        self.tenants = tenants
        self.webhooks = webhooks
        self.providers = providers
        self.reconciler = reconciler
        self.receiptInquiry = receiptInquiry
        self.serverID = serverID
        self.serverAgent = serverAgent
        startedAt = clock.now()
        connectionCount = Mutex { 0 }
    }

    package func start() {
        if let reconciler {
            writer.tellDoubts { [weak reconciler] in reconciler?.heard($0) }
            reconciler.start()
        }
        if let receiptInquiry {
            writer.tellReceipts { [weak receiptInquiry] in receiptInquiry?.heard($0) }
            receiptInquiry.start()
        }
        providers.start(events: writer)
        writer.start()
    }

    /// Tells how many connections there are, once there is a server.
    package func countConnections(_ count: @escaping @Sendable () -> Int) {
        connectionCount.withLock { $0 = count }
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
        administration.storeLastUses(tenants.takeLastUses())
    }

    // MARK: What it tells of itself

    var statistics: GatewayStatistics {
        let report = writer.report
        var statistics = GatewayStatistics()
        statistics.waitingUrgent = report.waitingUrgent
        statistics.waitingNormal = report.waitingNormal
        statistics.waitingBulk = report.waitingBulk
        statistics.waitingLater = report.waitingLater
        statistics.inFlight = report.inFlight
        statistics.uptimeMilliseconds = UInt64(max(0, clock.now() - startedAt))
        statistics.cpuMicroseconds = ProcessUsage.cpuMicroseconds
        statistics.residentBytes = ProcessUsage.residentBytes
        statistics.connections = UInt64(connectionCount.withLock { $0 }())
        statistics.commits = report.commits
        statistics.committedOperations = report.operations
        statistics.providers = report.providers
        statistics.paused = report.paused
        return statistics
    }

    package var health: HealthReport {
        let report = writer.report
        let idleReason = providers.idleReason
        let isDispatching = report.isDispatching && !report.isTakingUp
        let why =
            report.isTakingUp
            ? "taking up what waits"
            : report.pausedForAll.isEmpty ? "" : "paused: " + report.pausedForAll.joined(separator: ", ")
        return HealthReport(
            accepting: report.trouble == nil, dispatching: isDispatching && idleReason == nil,
            checks: [
                .init(name: "store", ok: report.trouble == nil, detail: report.trouble ?? ""),
                .init(name: "dispatch", ok: isDispatching, detail: why),
                .init(name: "providers", ok: idleReason == nil, detail: idleReason ?? ""),
            ])
    }

    /// Those that have their numbers and nothing more yet.
    private static let withoutService: Set<RPCMethod> = [.watch]

    func description(for tenant: Tenant) -> ServiceDescription {
        ServiceDescription(
            serverAgent: serverAgent, serverID: serverID,
            methods: RPCMethod.allCases.filter { !Self.withoutService.contains($0) },
            limits: Limits.described, tenant: tenant.name)
    }
}

/// What the operating system says about this process.
enum ProcessUsage {
    /// User and system time.
    static var cpuMicroseconds: UInt64 {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func microseconds(_ time: timeval) -> UInt64 { UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_usec) }
        return microseconds(usage.ru_utime) + microseconds(usage.ru_stime)
    }

    /// From /proc; 0 where there is none.
    static var residentBytes: UInt64 {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        let fields = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
        return pages * UInt64(getpagesize())
    }
}

extension Limits {
    /// The limits that a client may want to know.
    fileprivate static let described: [QuotaDetail] = [
        QuotaDetail(limit: "frame", maximum: UInt64(frameBytes), unit: "bytes"),
        QuotaDetail(limit: "calls_in_flight", maximum: UInt64(callsInFlightPerConnection), unit: "calls"),
        QuotaDetail(limit: "body", maximum: UInt64(bodyScalars), unit: "Unicode scalars"),
        QuotaDetail(limit: "bulk", maximum: UInt64(bulkMessages), unit: "messages"),
        QuotaDetail(limit: "status", maximum: UInt64(statusIDs), unit: "ids"),
        QuotaDetail(limit: "list", maximum: UInt64(listMessages), unit: "messages"),
        QuotaDetail(limit: "tags", maximum: UInt64(tags), unit: "tags"),
        QuotaDetail(limit: "send_ahead", maximum: UInt64(sendAtAheadMilliseconds), unit: "ms"),
        QuotaDetail(limit: "validity", maximum: validityMaximumMilliseconds, unit: "ms"),
        QuotaDetail(limit: "idempotency_window", maximum: UInt64(idempotencyWindowMilliseconds), unit: "ms"),
    ]
}
