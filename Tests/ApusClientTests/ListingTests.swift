import Foundation
import RPCWire
import SMSModel
import Testing

@testable import ApusClient

@Suite struct ListingTests {
    private static func status(_ id: UInt64) -> SMSModel.MessageStatus {
        SMSModel.MessageStatus(
            id: SMSModel.MessageID(rawValue: id), state: .failed, settled: true, receiptOverdue: false, segments: 1,
            encoding: .gsm7, to: "+14155550100", sender: "", priority: .normal, provider: "sandbox", providerID: "p-1",
            attempts: 1, error: nil, timeline: [], reference: "r", tags: [], batch: nil, acceptedAt: 1_700_000_000_000,
            sendAt: 0, expiresAt: 1_700_086_400_000)
    }

    /// Five pages: full, short, empty, short, empty and last.
    private static func pages(_ call: ScriptedGateway.Call) -> ScriptedGateway.Answer {
        let pages: [[UInt64]] = [[9, 8], [7], [], [6], []]
        let number = Int(call.list?.cursor.first ?? 0)
        let next = number + 1 < pages.count ? [UInt8(number + 1), 0xFF] : []
        return .message(ListResponse(messages: pages[number].map(status), cursor: next))
    }

    @Test func goesThroughShortAndEmptyPagesToTheEnd() async throws {
        try await withGateway(script: Self.pages) { client, record, _ in
            let list = client.list()
            var found: [UInt64] = []
            for try await message in list { found.append(message.id.rawValue) }
            #expect(found == [9, 8, 7, 6])
            #expect(record.calls.map(\.list?.cursor) == [[], [1, 0xFF], [2, 0xFF], [3, 0xFF], [4, 0xFF]])
            #expect(record.calls.allSatisfy { $0.list?.limit == 1000 && $0.list?.oldestFirst == false })
            // Each iteration begins again.
            var iterator = list.makeAsyncIterator()
            #expect(try await iterator.next()?.id.rawValue == 9)
            #expect(record.calls.last?.list?.cursor == [])
        }
    }

    @Test func asksForNoMoreThanIsTaken() async throws {
        try await withGateway(script: Self.pages) { client, record, _ in
            for try await message in client.list() where message.id.rawValue == 8 { break }
            #expect(record.calls.count == 1)
        }
    }

    @Test func saysAllThatAFilterSays() async throws {
        try await withGateway(script: { _ in .message(ListResponse()) }) { client, record, _ in
            var filter = ApusClient.MessageFilter(
                states: Set(ApusClient.MessageState.allCases), since: Date(timeIntervalSince1970: 1_700_000_000.25),
                until: Date(timeIntervalSince1970: 1_700_086_400), to: "+14155550100", batch: .name("b"))
            let cursor = ApusClient.ListCursor(bytes: [1, 2, 3])
            let page = try await client.page(of: filter, oldestFirst: true, limit: 7, after: cursor)
            #expect(page.messages.isEmpty && page.cursor == nil)
            let asked = try #require(record.calls[0].list)
            for state in SMSModel.MessageState.allCases { #expect(asked.filter.states.contains(state)) }
            #expect(asked.filter.from == 1_700_000_000_250 && asked.filter.until == 1_700_086_400_000)
            #expect(asked.filter.recipient == "+14155550100" && asked.filter.batch == .name("b"))
            #expect(asked.limit == 7 && asked.cursor == [1, 2, 3] && asked.oldestFirst)
            filter = ApusClient.MessageFilter(batch: .id(ApusClient.MessageID(rawValue: 5)))
            _ = try await client.page(of: filter)
            #expect(record.calls[1].list == ListRequest(try SMSModel.MessageFilter(filter), limit: 100))
            #expect(record.calls[1].list?.filter.batch == .id(SMSModel.MessageID(rawValue: 5)))
        }
    }

    @Test func oneStateIsThatState() throws {
        for state in ApusClient.MessageState.allCases {
            let model = try SMSModel.MessageFilter(ApusClient.MessageFilter(states: [state]))
            #expect(SMSModel.MessageState.allCases.filter(model.states.contains).map(\.name) == [state.rawValue])
        }
    }

    @Test func refusesByItselfWhatWouldMeanAll() async throws {
        let long = Date(timeIntervalSince1970: -1)
        try await withGateway(script: { _ in .message(ListResponse()) }) { client, record, _ in
            for (filter, field) in [
                (ApusClient.MessageFilter(to: ""), "to"), (ApusClient.MessageFilter(batch: .name("")), "batch"),
                (ApusClient.MessageFilter(since: long), "from_ms"), (ApusClient.MessageFilter(until: long), "until_ms"),
            ] {
                let error = await #expect(throws: ApusError.self) { _ = try await client.page(of: filter) }
                #expect(error?.violations.map(\.field) == [field])
            }
            let limit = await #expect(throws: ApusError.self) { _ = try await client.page(limit: 0) }
            #expect(limit?.violations.map(\.field) == ["limit"])
            #expect(record.calls.isEmpty)
            // What the beginning of all time leaves out is nothing.
            _ = try await client.page(of: ApusClient.MessageFilter(since: Date(timeIntervalSince1970: 0)))
            #expect(record.calls[0].list?.filter.from == 1)
        }
    }

    @Test func anErrorEndsTheListing() async throws {
        let refusal = GatewayError(.invalidArgument, "no", notProcessed: true)
        try await withGateway(script: { call in
            call.number == 1 ? .message(ListResponse(messages: [Self.status(1)], cursor: [1])) : .error(refusal)
        }) { client, _, _ in
            var iterator = client.list().makeAsyncIterator()
            let first = try await iterator.next()
            #expect(first?.id.rawValue == 1)
            do throws(ApusError) {
                _ = try await iterator.next()
                Issue.record("an error was expected")
            } catch {
                #expect(error.code == .invalidArgument)
            }
        }
    }

    @Test func looksUpByReferenceAndProviderID() async throws {
        try await withGateway(script: { call in
            .message(StatusResponse(messages: call.number == 3 ? [] : [Self.status(2), Self.status(1)]))
        }) { client, record, _ in
            #expect(try await client.status(reference: "r").map(\.id.rawValue) == [2, 1])
            #expect(try await client.status(providerID: "p-1").map(\.providerID) == ["p-1", "p-1"])
            #expect(try await client.status(reference: "none").isEmpty)
            #expect(record.calls.map(\.status?.subject) == [.reference("r"), .providerID("p-1"), .reference("none")])
            for wrong in ["", String(repeating: "r", count: 65)] {
                await #expect(throws: ApusError.self) { _ = try await client.status(reference: wrong) }
            }
            for wrong in ["", String(repeating: "p", count: 257)] {
                await #expect(throws: ApusError.self) { _ = try await client.status(providerID: wrong) }
            }
            #expect(record.calls.count == 3)
            _ = try await client.status(reference: String(repeating: "r", count: 64))
            _ = try await client.status(providerID: String(repeating: "p", count: 256))
        }
    }
}
