internal import ApusClient
internal import Testing

/// The end of a load: every account of it is drawn up and must agree with the others.
struct DeliveryAudit {
    let statuses: [MessageID: MessageStatus]
    let file: SandboxFile
    private let counts: StateCounts
    private let batch: BatchStatus

    /// Waits until nothing waits or is with the provider, then looks at every message.
    init(_ client: GatewayClient, _ load: Load, in directory: TestDirectory) async throws {
        try await waitUntil("the queue is empty", within: .seconds(120)) {
            let now = try await client.statistics()
            return now.waitingUrgent + now.waitingNormal + now.waitingBulk + now.waitingLater + now.inFlight == 0
        }
        let ids = load.acknowledged.ids
        // The last receipts still come: what is read must be of one moment.
        let (report, counts, batch) = try await eventually("nothing changes any more") {
            let before = try await client.statistics().states
            let report = try await client.status(of: ids, timeline: false)
            let batch = try await client.status(of: .name(Load.batch))
            return try await client.statistics().states == before ? (report, before, batch) : nil
        }
        #expect(report.notFound == [])
        self.counts = counts
        self.batch = batch
        statuses = Dictionary(uniqueKeysWithValues: report.messages.map { ($0.id, $0) })
        file = try SandboxFile(in: directory)
        #expect(statuses.count == ids.count, "an id was given twice")
        #expect(load.acknowledged.faults == [])
    }

    func count(_ state: MessageState) -> Int { statuses.values.count { $0.state == state } }

    /// Each message was taken once, or may have been taken once; none is lost, none is still on its way.
    ///
    /// - Parameter mayBeInterrupted: the daemon was killed in between.
    func checkEachSentOnce(mayBeInterrupted: Bool) {
        var problems: [String] = []
        for (id, status) in statuses {
            let taken = file.timesTaken(id)
            switch status.state {
            case .delivered, .sent: if taken != 1 { problems.append("\(id) \(status.state) was sent \(taken) times") }
            case .unknown where mayBeInterrupted:
                if taken > 1 { problems.append("\(id) \(status.state) was sent \(taken) times") }
            default: problems.append("\(id) is \(status.state), sent \(taken) times")
            }
        }
        for id in file.outcomes.keys where statuses[id] == nil { problems.append("\(id) was sent, and nobody sent it") }
        #expect(problems.prefix(10) == [], "\(problems.count) problems")
    }

    /// The counters agree with the messages.
    func checkCounters(_ load: Load) {
        var all: [MessageState: UInt64] = [:]
        var ofBatch: [MessageState: UInt64] = [:]
        for status in statuses.values {
            all[status.state, default: 0] += 1
            if status.batchID != nil { ofBatch[status.state, default: 0] += 1 }
        }
        for state in MessageState.allCases {
            #expect(counts[state] == all[state] ?? 0, "\(state)")
            #expect(batch.states[state] == ofBatch[state] ?? 0, "\(state) in the batch")
        }
        #expect(batch.messages == UInt64(load.acknowledged.bulk.count))
    }

    /// What is unknown says why: the daemon ended while the provider had it.
    func checkUnknownAreExplained(_ client: GatewayClient) async throws {
        let unknown = statuses.values.filter { $0.state == .unknown }.map(\.id)
        for status in try await client.status(of: unknown).messages {
            let events = status.timeline.map(\.event)
            #expect(events.contains(.interrupted), "\(status.id): \(events)")
        }
    }
}
