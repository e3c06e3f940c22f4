import RPCWire
import SMSModel
import Synchronization
import Testing

@testable import ApusClient

@Suite struct BulkTests {
    private func messages(_ count: Int) -> [OutgoingMessage] {
        (0..<count).map { OutgoingMessage(to: "+1415555\(1000 + $0 % 9000)", body: "message \($0)") }
    }

    /// Accepts everything; ids are the indices from 1.
    private static let accepting: ScriptedGateway.Script = { call in
        guard let bulk = call.bulk else { return .error(GatewayError(.unimplemented, "only Bulk")) }
        let count =
            switch bulk.content {
            case .messages(let messages): messages.count
            case .template(_, let recipients): recipients.count
            }
        return .message(
            BulkResponse(
                batch: SMSModel.MessageID(rawValue: 77), accepted: UInt32(count),
                ids: (0..<count).map { bulk.firstIndex + UInt64($0) + 1 }))
    }

    @Test func cutsPipelinesAndAddsUp() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 10
            var ids: [UInt64: UInt64] = [:]
            var told: [UInt64] = []
            let report = try await client.bulk(messages(35), batch: "b", options: options) { progress in
                for (offset, id) in progress.ids.enumerated() {
                    ids[progress.firstIndex + UInt64(offset)] = id?.rawValue
                }
                told.append(progress.report.accepted)
            }
            #expect(report.accepted == 35 && report.refused == 0 && report.duplicates == 0)
            #expect(report.batchID?.rawValue == 77)
            #expect(record.calls.compactMap(\.bulk?.firstIndex).sorted() == [0, 10, 20, 30])
            #expect(told.last == 35 && told == told.sorted() && told.count == 4)
            #expect(ids.count == 35 && ids[34] == 35)
        }
    }

    @Test func nothingIsNoCall() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            let report = try await client.bulk([OutgoingMessage](), batch: "b")
            #expect(report.accepted == 0 && report.batchID == nil)
            #expect(record.calls.isEmpty)
        }
    }

    @Test func fillsFramesButNoFurther() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 10_000
            // Twice as much as a frame holds.
            let body = String(repeating: "x", count: 1600)
            let large = (0..<5200).map { _ in OutgoingMessage(to: "+14155550100", body: body) }
            let report = try await client.bulk(large, batch: "b", options: options)
            #expect(report.accepted == 5200)
            #expect(record.calls.count == 3)
            let largest = record.calls.map(\.bytes).max() ?? 0
            #expect(largest <= Limits.frameBytes && largest > Limits.frameBytes - 2000)
        }
    }

    @Test func neverMoreThanTheCountAllows() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 1_000_000
            _ = try await client.bulk(messages(10_001), batch: "b", options: options)
            let counts = record.calls.compactMap { call -> Int? in
                if case .messages(let messages) = call.bulk?.content { messages.count } else { nil }
            }
            #expect(counts.sorted() == [1, 10_000])
        }
    }

    @Test(arguments: [1, 2, 5]) func neverMoreChunksInFlightThanAsked(_ most: Int) async throws {
        try await withGateway(script: { call in
            guard call.method == .bulk, case .message(let answer) = Self.accepting(call) else {
                return .error(GatewayError(.unimplemented, "only Bulk"))
            }
            return .held(answer)
        }) { client, record, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 1
            options.chunksInFlight = most
            async let sent = client.bulk(messages(50), batch: "b", options: options)
            await record.waitForCalls(most)
            // Frames keep their order: a chunk too many would have come before this call's answer.
            await #expect(throws: ApusError.self) { _ = try await client.status(of: ApusClient.MessageID(rawValue: 1)) }
            #expect(record.calls.filter { $0.method == .bulk }.count == most)
            record.releaseHeld()
            let report = try await sent
            #expect(report.accepted == 50 && record.calls.filter { $0.method == .bulk }.count == 50)
        }
    }

    @Test func tellsRefusalsByTheirPlaceInTheBatch() async throws {
        try await withGateway(script: { call in
            guard let bulk = call.bulk else { return .nothing }
            return .message(
                BulkResponse(
                    batch: SMSModel.MessageID(rawValue: 1), accepted: 9, refused: 1,
                    ids: (0..<10).map { $0 == 3 ? 0 : bulk.firstIndex + $0 + 1 },
                    refusals: [.init(item: 3, status: .invalidArgument, message: "to is wrong")]))
        }) { client, _, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 10
            let report = try await client.bulk(messages(20), batch: "b", options: options)
            #expect(report.accepted == 18 && report.refused == 2)
            #expect(report.refusals.map(\.index).sorted() == [3, 13])
        }
    }

    /// A call that is refused for the tenant's rate waits as it is told, beyond its own time-out if need be.
    @Test func goesOnAtTheGatewaysPace() async throws {
        try await withGateway(script: { call in
            call.number % 3 == 0 ? Self.accepting(call) : .error(Self.rateMet("rate", wait: 5200))
        }) { client, record, _ in
            var options = BulkOptions()
            options.messagesPerChunk = 1
            options.chunksInFlight = 1
            options.timeout = .seconds(10)
            let report = try await client.bulk(messages(2), batch: "b", options: options)
            #expect(report.accepted == 2 && report.refused == 0)
            #expect(record.calls.count == 6)
        }
    }

    @Test(arguments: [("rate", 60_000), ("waiting_messages", 10_500)] as [(String, UInt64)])
    func doesNotWaitForLongOrForAnotherLimit(_ limit: String, _ wait: UInt64) async throws {
        try await withGateway(script: { _ in .error(Self.rateMet(limit, wait: wait)) }) { client, record, _ in
            var options = BulkOptions()
            options.timeout = .seconds(10)
            let error = await #expect(throws: ApusError.self) {
                _ = try await client.bulk(messages(1), batch: "b", options: options)
            }
            #expect(error?.retryAfter == .milliseconds(Int64(wait)))
            #expect(record.calls.count == 1)
        }
    }

    private static func rateMet(_ limit: String, wait: UInt64) -> GatewayError {
        GatewayError(
            .resourceExhausted, "too fast", retryAfterMilliseconds: wait,
            quota: QuotaDetail(limit: limit, maximum: 10, unit: "messages a second"), notProcessed: true)
    }

    @Test func aMessageThatCannotBeWrittenDoesNotStopTheOthers() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            var list = messages(3)
            list[1].validity = .zero
            let report = try await client.bulk(list, batch: "b")
            #expect(report.accepted == 2 && report.refused == 1)
            #expect(report.refusals.first?.index == 1)
            // The others keep their places.
            #expect(record.calls.compactMap(\.bulk?.firstIndex).sorted() == [0, 2])
        }
    }

    @Test func aTemplateGoesOnceAChunk() async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            let template = OutgoingMessage(to: "ignored", body: "Hello {{name}}")
            let recipients = (0..<5).map { TemplateRecipient(to: "+1415555010\($0)", variables: ["name": "N\($0)"]) }
            let report = try await client.bulk(template: template, recipients: recipients, batch: "b")
            #expect(report.accepted == 5)
            guard case .template(let message, let sent) = record.calls.first?.bulk?.content else {
                Issue.record("no template came")
                return
            }
            #expect(message.to.isEmpty && message.body == "Hello {{name}}")
            #expect(sent.count == 5 && sent[4].variables == [.init(name: "name", value: "N4")])
        }
    }

    @Test func aFailedCallEndsTheRun() async throws {
        try await withGateway(script: { _ in .error(GatewayError(.permissionDenied, "no")) }) { client, _, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.bulk(messages(3), batch: "b") }
            #expect(error?.code == .permissionDenied)
        }
    }

    @Test func anErrorOfTheSequenceComesThrough() async throws {
        struct Broken: Error {}
        try await withGateway(script: Self.accepting) { client, _, _ in
            let stream = AsyncThrowingStream<OutgoingMessage, any Error> { continuation in
                continuation.yield(OutgoingMessage(to: "+14155550100", body: "x"))
                continuation.finish(throwing: Broken())
            }
            await #expect(throws: Broken.self) { _ = try await client.bulk(stream, batch: "b") }
        }
    }

    @Test(arguments: ["", String(repeating: "n", count: 65)])
    func refusesABadName(_ name: String) async throws {
        try await withGateway(script: Self.accepting) { client, record, _ in
            await #expect(throws: ApusError.self) { _ = try await client.bulk(messages(1), batch: name) }
            #expect(record.calls.isEmpty)
        }
    }
}
