import RPCWire
import SMSModel
import Testing

@testable import ApusClient

@Suite struct WaitingTests {
    private static func status(_ id: UInt64, _ state: SMSModel.MessageState, settled: Bool) -> SMSModel.MessageStatus {
        SMSModel.MessageStatus(
            id: SMSModel.MessageID(rawValue: id), state: state, settled: settled, receiptOverdue: false, segments: 1,
            encoding: .gsm7, to: "+14155550100", sender: "", priority: .normal, provider: "sandbox", providerID: "",
            attempts: 1, error: nil, timeline: [], reference: "", tags: [], batch: nil, acceptedAt: 1_700_000_000_000,
            sendAt: 0, expiresAt: 1_700_086_400_000)
    }

    @Test func asksOnlyForWhatIsOpen() async throws {
        try await withGateway(script: { call in
            guard case .selection(.ids(let ids)) = call.status?.subject else { return .nothing }
            return .message(
                StatusResponse(
                    messages: ids.filter { $0.rawValue < 10 }.map {
                        let done = $0.rawValue == 1 || call.number > 1
                        return Self.status($0.rawValue, done ? .delivered : .sent, settled: done)
                    }, notFound: ids.filter { $0.rawValue >= 10 }))
        }) { client, record, _ in
            let ids = [1, 2, 99].map { ApusClient.MessageID(rawValue: $0) }
            let report = try await client.waitUntilSettled(ids, timeout: .seconds(30))
            #expect(report.messages.map(\.state) == [.delivered, .delivered])
            #expect(report.notFound == [ApusClient.MessageID(rawValue: 99)])
            let asked = record.calls.compactMap { call -> Int? in
                if case .selection(.ids(let ids)) = call.status?.subject { ids.count } else { nil }
            }
            // All, the open one, then all with their timelines.
            #expect(asked == [3, 1, 3])
        }
    }

    @Test func givesUpAtTheDeadline() async throws {
        try await withGateway(script: { _ in
            .message(StatusResponse(messages: [Self.status(1, .sent, settled: false)]))
        }) { client, _, _ in
            // Long enough for one answer, however busy the machine is with the other tests.
            let report = try await client.waitUntilSettled(
                [ApusClient.MessageID(rawValue: 1)], timeout: .seconds(2))
            #expect(report.messages.first?.settled == false)
        }
    }

    @Test func asksForManyInParts() async throws {
        try await withGateway(script: { call in
            guard case .selection(.ids(let ids)) = call.status?.subject else { return .nothing }
            return .message(StatusResponse(notFound: ids))
        }) { client, record, _ in
            let ids = (1...1001).map { ApusClient.MessageID(rawValue: $0) }
            let full = try await client.status(of: ids)
            #expect(full.notFound == ids)
            #expect(record.calls.count == 11)
            let brief = try await client.status(of: ids, timeline: false)
            #expect(brief.notFound == ids)
            #expect(record.calls.count == 13)
        }
    }

    @Test func anUnknownIDIsNotFound() async throws {
        try await withGateway(script: { _ in
            .message(StatusResponse(notFound: [SMSModel.MessageID(rawValue: 5)]))
        }) { client, _, _ in
            let error = await #expect(throws: ApusError.self) {
                _ = try await client.status(of: ApusClient.MessageID(rawValue: 5))
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func intervalsGrowToASecond() {
        var poll = PollSchedule(timeout: .seconds(60))
        let intervals = (0..<12).map { _ in poll.nextInterval() }
        #expect(intervals.first == .milliseconds(50))
        #expect(intervals == intervals.sorted())
        #expect(intervals.last == .seconds(1))
    }
}
