import NIOCore
import RPCWire
import SMSModel
import Synchronization
import Testing

@testable import ApusClient

/// A macro cannot take a name with its module.
private typealias ClientID = ApusClient.MessageID

@Suite struct CallTests {
    let message = OutgoingMessage(to: "+14155550100", body: "hello")

    @Test func sendsWhatItWasGivenUnderAKeyOfItsOwn() async throws {
        try await withGateway(script: { _ in .message(SendResponse.accepted(7)) }) { client, record, _ in
            var full = message
            full.sender = "Apus"
            full.priority = .urgent
            full.validity = .seconds(90)
            full.tags = ["a", "b"]
            full.maximumSegments = 2
            full.onUnknown = .resend
            let receipt = try await client.send(full)
            #expect(receipt.id.description == "7")
            #expect(receipt.state == .queued)
            let call = record.calls[0]
            #expect(call.key.utf8.count == 32)
            #expect(call.attempt == 0)
            #expect(call.timeoutMilliseconds > 15_000 && call.timeoutMilliseconds <= 30_000)
            let sent = try #require(call.send)
            #expect(sent.to == "+14155550100" && sent.body == "hello" && sent.sender == "Apus")
            #expect(sent.priority == .urgent && sent.validity == 90_000 && sent.tags == ["a", "b"])
            #expect(sent.maxSegments == 2 && sent.onUnknown == .resend)
            _ = try await client.send(full, idempotencyKey: "mine")
            #expect(record.calls[1].key == "mine")
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 65)])
    func refusesAKeyOfTheWrongLengthByItself(_ key: String) async throws {
        try await withGateway(script: { _ in .message(SendResponse.accepted()) }) { client, record, _ in
            await #expect(throws: ApusError.self) { _ = try await client.send(message, idempotencyKey: key) }
            #expect(record.calls.isEmpty)
        }
    }

    @Test func tellsARefusalWithItsFields() async throws {
        let refusal = GatewayError(
            .invalidArgument, "to is wrong", violations: [FieldViolation(field: "to", description: "is wrong")],
            notProcessed: true)
        try await withGateway(script: { _ in .error(refusal) }) { client, record, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.violations == [ApusError.Violation(field: "to", description: "is wrong")])
            // Surely not processed, yet no repeat would do better.
            #expect(record.calls.count == 1)
        }
    }

    @Test func manyCallsShareAConnection() async throws {
        try await withGateway(script: { call in .message(SendResponse.accepted(UInt64(call.number))) }) {
            client, record, _ in
            // More than may be in flight, so that some wait for room.
            let ids = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<3000 { group.addTask { try await client.send(message).id.rawValue } }
                return try await group.reduce(into: Set<UInt64>()) { $0.insert($1) }
            }
            #expect(ids.count == 3000)
            #expect(Set(record.calls.map(\.key)).count == 3000)
        }
    }

    @Test func repeatsUnavailableUnderTheSameKey() async throws {
        try await withGateway(script: { call in
            call.number < 3
                ? .error(GatewayError(.unavailable, "later", retryAfterMilliseconds: 1))
                : .message(SendResponse.accepted())
        }) { client, record, _ in
            _ = try await client.send(message)
            #expect(record.calls.map(\.attempt) == [0, 1, 2])
            #expect(Set(record.calls.map(\.key)).count == 1)
        }
    }

    @Test func doesNotRepeatAPauseThatMayHaveHappened() async throws {
        try await withGateway(script: { _ in .error(GatewayError(.unavailable, "perhaps")) }) { client, record, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.pause(.everything) }
            #expect(error?.code == .unavailable)
            #expect(record.calls.count == 1)
        }
    }

    @Test func doesNotSendAgainTwice() async throws {
        try await withGateway(script: { _ in .error(GatewayError(.unavailable, "perhaps")) }) { client, record, _ in
            let id = try #require(ClientID("7"))
            await #expect(throws: ApusError.self) { _ = try await client.resend([id]) }
            await #expect(throws: ApusError.self) { _ = try await client.settle([id], as: .sent) }
            #expect(record.calls.map(\.method) == [.unknownResend, .unknownSettle])
        }
    }

    @Test func manyAreSentAgainInPartsOfOneReport() async throws {
        try await withGateway(script: { call in
            .message(
                UnknownActResponse([
                    UnknownResult(
                        id: SMSModel.MessageID(rawValue: UInt64(call.number)), isDone: call.number == 1,
                        state: call.number == 3 ? nil : .queued)
                ]))
        }) { client, record, _ in
            let ids = try (1...2001).map { try #require(ClientID("\($0)")) }
            let report = try await client.resend(ids)
            #expect(record.calls.count == 3)
            #expect(report.results.map(\.id.description) == ["1", "2", "3"])
            #expect((report.done, report.refused, report.notFound) == (1, 1, 1))
            #expect(try await client.resend([]).results.isEmpty)
        }
    }

    @Test func repeatsAPauseThatSurelyDidNot() async throws {
        try await withGateway(script: { call in
            call.number == 1
                ? .error(GatewayError(.unavailable, "not now", notProcessed: true))
                : .message(PauseResponse(paused: ["everything"]))
        }) { client, record, _ in
            let paused = try await client.pause(.everything)
            #expect(paused == ["everything"])
            #expect(record.calls.count == 2)
        }
    }

    @Test func neverRepeatsPastTheDeadline() async throws {
        try await withGateway(script: { _ in
            .error(GatewayError(.unavailable, "in an hour", retryAfterMilliseconds: 3_600_000))
        }) { client, record, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.retryAfter == .seconds(3600))
            #expect(record.calls.count == 1)
        }
    }

    @Test func endsAtItsDeadline() async throws {
        try await withGateway(script: { _ in .nothing }) { client, record, _ in
            _ = try await client.hello(timeout: nil)
            let error = await #expect(throws: ApusError.self) {
                _ = try await client.send(message, timeout: .milliseconds(100))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(record.calls.count <= 1)
            // What came in may have been processed.
            if !record.calls.isEmpty { #expect(error?.notProcessed == false) }
        }
    }

    @Test func aCancelledTaskCancelsItsCall() async throws {
        try await withGateway(script: { _ in .nothing }) { client, record, _ in
            let task = Task { try await client.send(message) }
            await record.waitForCalls(1)
            task.cancel()
            let error = await #expect(throws: ApusError.self) { _ = try await task.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test func aTaskCancelledBeforehandCallsNothing() async throws {
        try await withGateway(script: { _ in .message(SendResponse.accepted()) }) { client, record, _ in
            let error = await withTaskGroup(of: ApusError?.self) { group in
                group.cancelAll()
                group.addTask {
                    do throws(ApusError) {
                        _ = try await client.send(message)
                        return nil
                    } catch {
                        return error
                    }
                }
                return await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
            #expect(record.calls.isEmpty)
        }
    }

    @Test func aClosedClientRefusesCalls() async throws {
        try await withGateway(script: { _ in .nothing }) { client, record, _ in
            let lost = Task { try await client.send(message) }
            await record.waitForCalls(1)
            await client.close()
            await #expect(throws: ApusError.self) { _ = try await lost.value }
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .unavailable)
            #expect(error?.notProcessed == true)
            #expect(record.calls.count == 1)
        }
    }
}
