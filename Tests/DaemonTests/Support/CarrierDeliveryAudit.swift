internal import ApusClient
internal import Testing

/// What the gateway says of its messages, held against the ledgers of the carriers that took them.
struct CarrierDeliveryAudit {
    /// The statuses by text, of which there is one for each message.
    private let statuses: [String: MessageStatus]
    private let takes: [String: [CarrierLedger.Message]]
    private let ledgers: [CarrierLedger]
    /// Listed as unknown.
    private let unknown: Set<MessageID>
    /// Texts of messages that may be sent again if nobody knows.
    private let resent: Set<String>

    /// Waits until nothing is under way any more, then looks at every message.
    /// - Parameters:
    ///   - ids: of the accepted messages, by text.
    ///   - resent: texts of those with `on_unknown = RESEND`.
    init(
        _ client: GatewayClient, _ carriers: [CarrierProcess], ids: [String: MessageID], resent: Set<String>,
        within time: Duration
    ) async throws {
        try await waitUntil("nothing is under way", within: time) {
            let gateway = try await client.statistics()
            let isQuiet =
                gateway.waitingUrgent + gateway.waitingNormal + gateway.waitingBulk + gateway.waitingLater
                + gateway.inFlight == 0
            guard isQuiet else { return false }
            // Nothing is on its way to a carrier any more, and what a carrier was answered for is durable.
            // One that is out of reach may have some yet.
            for carrier in carriers {
                guard let progress = try? await carrier.progress(), progress.pendingCallbacks == 0 else { return false }
            }
            return true
        }
        let report = try await client.status(of: Array(ids.values), timeline: false)
        #expect(report.notFound == [])
        let byID = Dictionary(uniqueKeysWithValues: report.messages.map { ($0.id, $0) })
        statuses = ids.compactMapValues { byID[$0] }
        var found: Set<MessageID> = []
        var cursor: ListCursor?
        repeat {
            let page = try await client.unknown(limit: 1000, after: cursor)
            found.formUnion(page.messages.map(\.status.id))
            cursor = page.cursor
        } while cursor != nil
        unknown = found
        self.resent = resent
        var ledgers: [CarrierLedger] = []
        for carrier in carriers { ledgers.append(try await carrier.ledger()) }
        self.ledgers = ledgers
        takes = Dictionary(grouping: ledgers.flatMap(\.messages), by: \.body)
    }

    func count(_ state: MessageState) -> Int { statuses.values.count { $0.state == state } }

    var forged: Int { ledgers.flatMap(\.messages).map(\.forged).reduce(0, +) }
    var takenTwice: Int { takes.values.count { $0.count > 1 } }
    func faults(_ name: String) -> Int { ledgers.map { $0.faults[name] ?? 0 }.reduce(0, +) }

    /// - Parameter mayBeInterrupted: the daemon was killed in between, so an answer that was given may be lost.
    func check(_ client: GatewayClient, mayBeInterrupted: Bool) async throws {
        var problems: [String] = []
        var concerned: [MessageID] = []
        for (text, status) in statuses {
            let taken = (takes[text] ?? []).sorted { $0.created < $1.created }
            if let problem = problem(status, taken, isResent: resent.contains(text), mayBeInterrupted) {
                concerned.append(status.id)
                problems.append(
                    "\(status.id) is \(status.state), and was taken as \(taken.map { "\($0.fault), \($0.final)" }): \(problem)"
                )
            }
        }
        for text in takes.keys where statuses[text] == nil { problems.append("\(text) was sent, and nobody sent it") }
        #expect(problems.prefix(10) == [], "\(problems.count) problems")
        for status in try await client.status(of: Array(concerned.prefix(3))).messages {
            print(status.id, status.provider, status.timeline.map { "\($0.event) \($0.attempt) \($0.detail)" })
        }
        let untold = takes.values.joined().count { !$0.isTold }
        #expect(untold == 0, "the gateway never heard of them: \(ledgers.map(\.callbackAnswers))")
        #expect(takes.values.joined().allSatisfy { $0.forgedBelieved == 0 }, "a forged callback was believed")
    }

    /// The carrier's, of messages that it could not deliver.
    private let codes: Set = ["30003", "30008"]

    private func problem(
        _ status: MessageStatus, _ taken: [CarrierLedger.Message], isResent: Bool, _ mayBeInterrupted: Bool
    ) -> String? {
        if taken.count > 1 {
            guard isResent else { return "sent twice, and nobody allowed it" }
            if !mayBeInterrupted, taken.dropLast().contains(where: \.isAnswered) {
                return "sent again though it was answered"
            }
        }
        let isDelivered = taken.contains { $0.final == "delivered" }
        switch status.state {
        case .delivered: return isDelivered ? nil : "no carrier said that: \(taken.map(\.final))"
        case .undelivered: return taken.isEmpty || isDelivered ? "no carrier said that: \(taken.map(\.final))" : nil
        case .unknown:
            if !unknown.contains(status.id) { return "it is not listed" }
            // Its first attempt, of which nobody knows, may have been delivered: that the second was not is not all.
            if isResent, status.attempts > 1, !isDelivered, let code = status.error?.code, codes.contains(code) {
                return nil
            }
            return taken.contains(where: \.isTold) ? "the carrier told what became of it" : nil
        default: return "it is not settled"
        }
    }
}
