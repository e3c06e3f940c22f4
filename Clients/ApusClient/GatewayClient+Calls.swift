internal import RPCWire
internal import SMSModel

extension GatewayClient {
    // MARK: Sending

    /// Hands over one message. When it returns the message is durable.
    ///
    /// - Parameters:
    ///   - idempotencyKey: 1 to 64 bytes; the same key within 24 hours sends nothing twice, also from another process.
    ///     nil = a new one, which makes this call's own repeats safe.
    ///   - timeout: nil = the configuration's.
    /// - Throws: INVALID_ARGUMENT with the fields that are wrong; ALREADY_EXISTS if the key belongs to a message of
    ///   another content; DEADLINE_EXCEEDED, after which the message may have been accepted all the same: to know,
    ///   send again with the same key.
    public func send(
        _ message: OutgoingMessage, idempotencyKey: String? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> SendReceipt {
        if let idempotencyKey, !(1...Limits.idempotencyKeyBytes).contains(idempotencyKey.utf8.count) {
            throw .invalidField("idempotency_key", "must have 1 to \(Limits.idempotencyKeyBytes) bytes")
        }
        let response: SendResponse = try await call(
            .send, SendRequest(message), key: idempotencyKey ?? IdempotencyKey.random(), timeout: timeout)
        return SendReceipt(response)
    }

    // MARK: Looking

    /// Where messages stand, in the order of the ids that were found.
    ///
    /// - Parameter timeline: whether to ask for their timelines, of which a call brings at most 100.
    public func status(
        of ids: [MessageID], timeline: Bool = true, timeout: Duration? = nil
    ) async throws(ApusError) -> StatusReport {
        try await status(of: ids, owner: .own, timeline: timeline, timeout: timeout)
    }

    /// The same of another tenant's messages, or of any: others' than one's own need the scope `admin`.
    public func status(
        of ids: [MessageID], owner: MessageOwner, timeline: Bool = true, timeout: Duration? = nil
    ) async throws(ApusError) -> StatusReport {
        let atOnce = timeline ? Limits.statusIDsWithTimeline : Limits.statusIDs
        var report = StatusReport()
        for start in stride(from: 0, to: ids.count, by: atOnce) {
            let part = ids[start..<min(start + atOnce, ids.count)].map(\.model)
            let response: StatusResponse = try await call(
                .status, StatusRequest(.ids(part), tenant: owner.wire), timeout: timeout)
            report.messages += response.messages.map(MessageStatus.init)
            report.notFound += response.notFound.map(MessageID.init)
        }
        return report
    }

    /// - Throws: NOT_FOUND if the gateway knows no such message of this tenant.
    public func status(of id: MessageID, timeout: Duration? = nil) async throws(ApusError) -> MessageStatus {
        guard let status = try await status(of: [id], timeout: timeout).messages.first else {
            throw ApusError(.notFound, "there is no message \(id)")
        }
        return status
    }

    /// - Throws: NOT_FOUND if the gateway knows no such batch of this tenant.
    public func status(of batch: BatchReference, timeout: Duration? = nil) async throws(ApusError) -> BatchStatus {
        try await status(of: batch, owner: .own, timeout: timeout)
    }

    /// The same of another tenant's batch, or of any by its id: others' than one's own need the scope `admin`.
    public func status(
        of batch: BatchReference, owner: MessageOwner, timeout: Duration? = nil
    ) async throws(ApusError) -> BatchStatus {
        let request = StatusRequest(batch.selection, tenant: owner.wire)
        let response: StatusResponse = try await call(.status, request, timeout: timeout)
        guard let status = response.batch else { throw ApusError(.notFound, "there is no such batch") }
        return BatchStatus(status)
    }

    /// Counts and load: with the scope `admin` the gateway's, else those of the credential's tenant.
    ///
    /// - Parameter owner: one tenant is told of as it is told itself; `everyTenant` counts the messages of all. Others'
    ///   than one's own need the scope `admin`.
    public func statistics(
        of owner: MessageOwner = .own, timeout: Duration? = nil
    ) async throws(ApusError) -> GatewayStatistics {
        let response: SMSModel.GatewayStatistics = try await call(
            .stats, StatsRequest(tenant: owner.wire), timeout: timeout)
        return GatewayStatistics(response)
    }

    public func health(timeout: Duration? = nil) async throws(ApusError) -> GatewayHealth {
        let response: HealthReport = try await call(.health, HealthRequest(), timeout: timeout)
        return GatewayHealth(response)
    }

    /// What the gateway is, what it can do and within which limits.
    public func describe(timeout: Duration? = nil) async throws(ApusError) -> GatewayDescription {
        let response: ServiceDescription = try await call(.describe, DescribeRequest(), timeout: timeout)
        return GatewayDescription(response)
    }

    /// The newest messages that the sandbox provider was sent, oldest first.
    ///
    /// - Parameters:
    ///   - limit: 1 to 1000.
    ///   - recipient: only those to this number.
    public func sandbox(
        limit: Int = 100, to recipient: String? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> SandboxLog {
        let request = SandboxRequest(limit: UInt32(clamping: limit), to: recipient ?? "")
        let response: SandboxResponse = try await call(.sandbox, request, timeout: timeout)
        return SandboxLog(records: response.records.map(SandboxRecord.init), total: response.total)
    }

    // MARK: Intervening

    /// Cancels what no provider has been called for yet. A repeat finds the same messages canceled. What waits to be sent
    /// again is stopped, but may have been sent.
    public func cancel(_ ids: [MessageID], timeout: Duration? = nil) async throws(ApusError) -> CancelReport {
        try await cancel(ids, owner: .own, timeout: timeout)
    }

    /// The same of another tenant's messages, or of any: others' than one's own need the scope `admin`, and are entered
    /// in the audit log.
    public func cancel(
        _ ids: [MessageID], owner: MessageOwner, timeout: Duration? = nil
    ) async throws(ApusError) -> CancelReport {
        var report = CancelReport()
        for start in stride(from: 0, to: ids.count, by: Limits.cancelIDs) {
            let part = ids[start..<min(start + Limits.cancelIDs, ids.count)].map(\.model)
            report.add(
                try await call(
                    .cancel, CancelRequest(.ids(part), tenant: owner.wire), as: CancelResponse.self, timeout: timeout))
        }
        return report
    }

    /// Cancels what is left of a batch.
    ///
    /// - Parameter owner: one tenant; another's than one's own needs the scope `admin`.
    public func cancel(
        batch: BatchReference, owner: MessageOwner = .own, timeout: Duration? = nil
    ) async throws(ApusError) -> CancelReport {
        var report = CancelReport()
        let request = CancelRequest(batch.selection, tenant: owner.wire)
        report.add(try await call(.cancel, request, as: CancelResponse.self, timeout: timeout))
        return report
    }

    /// Stops handing messages to providers; they go on being accepted.
    ///
    /// - Returns: what is paused now.
    public func pause(_ subject: PauseSubject, timeout: Duration? = nil) async throws(ApusError) -> [String] {
        let response: PauseResponse = try await call(
            .pause, PauseRequest(subject.wire), timeout: timeout)
        return response.paused
    }

    /// - Returns: what is still paused.
    public func resume(_ subject: PauseSubject, timeout: Duration? = nil) async throws(ApusError) -> [String] {
        let response: PauseResponse = try await call(
            .resume, PauseRequest(subject.wire), timeout: timeout)
        return response.paused
    }
}

/// The answer to a question about several messages.
public struct StatusReport: Hashable, Codable, Sendable {
    public var messages: [MessageStatus]
    /// Ids that the gateway does not know as this tenant's.
    public var notFound: [MessageID]

    public init(messages: [MessageStatus] = [], notFound: [MessageID] = []) {
        self.messages = messages
        self.notFound = notFound
    }
}

extension BatchReference {
    var selection: MessageSelection {
        switch self {
        case .name(let name): .batchName(name)
        case .id(let id): .batchID(id.model)
        }
    }
}

enum IdempotencyKey {
    /// 128 random bits as 32 hexadecimal digits.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
