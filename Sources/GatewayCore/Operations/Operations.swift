package import Access
internal import ConfigurationModel
package import Engine
package import Providers
package import SMSModel

/// What callers do to messages that were accepted, and operators to the gateway.
package final class Operations: Sendable {
    private let writer: Writer
    private let tenants: TenantDirectory
    private let providers: ProviderRegistry
    private let clock: GatewayClock

    package init(writer: Writer, tenants: TenantDirectory, providers: ProviderRegistry, clock: GatewayClock) {
        self.writer = writer
        self.tenants = tenants
        self.providers = providers
        self.clock = clock
    }

    // MARK: Messages

    /// Cancels messages: those that no provider may have. Others' are an administrator's to cancel, which the audit log
    /// tells.
    package func cancel(
        _ ids: [MessageID], of selection: TenantSelection = .own, for caller: Caller,
        _ reply: @escaping Reply<CancelResult>
    ) {
        do throws(GatewayError) {
            try caller.require(.cancel)
            let owner = try tenants.subject(selection, of: caller)
            writer.command(
                .cancel(ids, owner?.id, by: actContext(on: owner, caller)) { reply($0.map(CancelResult.init)) })
        } catch {
            reply(.failure(error))
        }
    }

    /// Cancels what is left of a batch, as ``cancel(_:of:for:_:)`` does.
    /// - Throws: INVALID_ARGUMENT for every tenant's: such a far-reaching act names whom it strikes.
    package func cancel(
        _ batch: BatchReference, of selection: TenantSelection = .own, for caller: Caller,
        _ reply: @escaping Reply<CancelResult>
    ) {
        do throws(GatewayError) {
            try caller.require(.cancel)
            guard let owner = try tenants.subject(selection, of: caller) else { throw .batchWithoutTenant }
            writer.command(
                .cancelBatch(batch, owner.id, by: actContext(on: owner, caller)) { result in
                    reply(result.map(CancelResult.init))
                })
        } catch {
            reply(.failure(error))
        }
    }

    /// nil if the tenant is the caller's own: what is done to its messages is no administrative act.
    private func actContext(on owner: Tenant?, _ caller: Caller) -> AuditContext? {
        owner?.id == caller.tenant.id ? nil : caller.auditContext(at: clock.now())
    }

    /// Has messages of which nobody knows whether they were sent go out again: perhaps twice. A tenant acts on its own;
    /// an administrator on all.
    package func resend(
        _ ids: [MessageID], note: String = "", for caller: Caller, _ reply: @escaping Reply<[UnknownResult]>
    ) {
        actOnUnresolved(.resend, ids, note: note, for: caller, reply)
    }

    /// Has messages of which nobody knows whether they were sent be taken for sent, delivered or another end.
    /// - Parameter state: one of ``MessageLifecycle/settlements``.
    package func settle(
        _ ids: [MessageID], as state: MessageState, note: String = "", for caller: Caller,
        _ reply: @escaping Reply<[UnknownResult]>
    ) {
        actOnUnresolved(.settle(state), ids, note: note, for: caller, reply)
    }

    private func actOnUnresolved(
        _ wish: UnknownRequest, _ ids: [MessageID], note: String, for caller: Caller,
        _ reply: @escaping Reply<[UnknownResult]>
    ) {
        do throws(GatewayError) {
            try caller.require(.cancel)
            let owner = caller.isAdministrator ? nil : caller.tenant.id
            writer.command(
                .actOnUnknown(wish, ids, owner, by: caller.auditContext(at: clock.now(), note: note), reply: reply))
        } catch {
            reply(.failure(error))
        }
    }

    // MARK: Pausing

    /// What may be paused.
    package enum PauseSubject: Hashable, Sendable {
        case everything
        case provider(String)
        /// The value of the caller's tenant.
        case batch(BatchReference)
        /// Keyed by its name.
        case tenant(String)

        /// A batch is the caller's own; everything else is others' too.
        var scope: Scopes {
            switch self {
            case .batch: .cancel
            case .everything, .provider, .tenant: .admin
            }
        }
    }

    /// Pauses or resumes.
    /// - Parameter reply: is told what is paused now, as people read it.
    package func setPaused(
        _ isPaused: Bool, _ subject: PauseSubject, for caller: Caller, _ reply: @escaping Reply<[String]>
    ) {
        do throws(GatewayError) {
            try caller.require(subject.scope)
            let wish: PauseScope =
                switch subject {
                case .everything: .everything
                case .provider(let name): .provider(name)
                case .batch(let reference): .batch(reference)
                case .tenant(let name): .tenant(try tenants.existing(name).id)
                }
            let context = caller.auditContext(at: clock.now())
            writer.command(.pause(wish, caller.tenant.id, paused: isPaused, by: context, reply: reply))
        } catch {
            reply(.failure(error))
        }
    }

    // MARK: Providers

    /// Tries whether a provider would take messages, without sending anything: its carrier may take seconds to answer.
    package func testProvider(_ name: String, for caller: Caller, _ reply: @escaping Reply<ProviderCheckResult>) {
        do throws(GatewayError) {
            try caller.require(.admin)
        } catch {
            return reply(.failure(error))
        }
        let providers = providers
        // A rare question.
        Task {
            do throws(GatewayError) {
                reply(.success(try await providers.check(name)))
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// The newest messages that the sandboxes were sent, oldest first, and how many they were sent in all.
    /// - Parameters:
    ///   - limit: at most ``Limits/sandboxRecords``; nil = 100.
    ///   - recipient: "" = any.
    /// - Throws: NOT_FOUND without a sandbox.
    package func sandboxRecords(
        limit: Int?, to recipient: String = "", for caller: Caller
    ) throws(GatewayError) -> (records: [SandboxRecord], total: UInt64) {
        try caller.require(.admin)
        let sandboxes = providers.sandboxes.map(\.provider)
        guard !sandboxes.isEmpty else { throw .noSandbox }
        let limit = min(limit ?? 100, Limits.sandboxRecords)
        let found = sandboxes.map { $0.records(limit: limit, to: recipient.isEmpty ? nil : recipient) }
        let newest = found.flatMap(\.records).sorted { ($0.at, $0.id) < ($1.at, $1.id) }.suffix(limit)
        return (Array(newest), found.reduce(0) { $0 + $1.total })
    }

    /// Has a sandbox bring a message from a person, as a carrier would, and answers once it is durable.
    /// - Parameters:
    ///   - provider: its name; "" = the only one.
    ///   - reply: is told its name.
    package func receiveInSandbox(
        _ message: InboundMessage, of provider: String, for caller: Caller, _ reply: @escaping Reply<String>
    ) {
        do throws(GatewayError) {
            try caller.require(.admin)
            let (name, number) = try providers.sandbox(named: provider)
            writer.carrierReported(
                CarrierBurst(events: [.inbound(message)], provider: number, name: name) { error in
                    reply(error.map(Result.failure) ?? .success(name))
                })
        } catch {
            reply(.failure(error))
        }
    }
}

/// What became of messages that were to be canceled.
package struct CancelResult: Hashable, Sendable {
    /// One a message that was named; empty for a batch.
    package var results: [MessageCancelResult] = []
    /// Now, or before.
    package var canceled: UInt64 = 0
    package var tooLate: UInt64 = 0
    /// No messages of the tenant.
    package var notFound: UInt64 = 0
    /// They aren't sent again, but attempts before may have been taken.
    package var mayHaveBeenSent: UInt64 = 0

    init(_ count: BatchCancelCount) {
        canceled = count.canceled
        tooLate = count.tooLate
        mayHaveBeenSent = count.mayHaveBeenSent
    }

    init(_ verdicts: [MessageCancelResult]) {
        results = verdicts
        for verdict in verdicts {
            switch verdict.outcome {
            case .canceled: canceled += 1
            case .mayHaveBeenSent: mayHaveBeenSent += 1
            case .tooLate: tooLate += 1
            case nil: notFound += 1
            }
        }
    }
}
