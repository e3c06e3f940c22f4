import Foundation
import NIOCore
import RPCWire
import SMSModel
import Synchronization
import Testing

@testable import ApusClient

/// A macro cannot take a name with its module.
private typealias ClientID = ApusClient.MessageID
private typealias ClientState = ApusClient.MessageState

/// What programs rely on besides the calls: credentials that expire, contexts, values of later versions, fakes.
@Suite struct ClientContractTests {
    private let message = OutgoingMessage(to: "+14155550100", body: "hello")

    @Test func aCredentialIsAskedForAtEachConnectAndOnceMoreWhenItIsRefused() async throws {
        let asked = Atomic<Int>(0)
        try await withGateway { configuration in
            configuration.credential = {
                let number = asked.add(1, ordering: .sequentiallyConsistent).newValue
                return number == 2 ? "expired" : "apus_test"
            }
        } script: { call in
            // The first call's credential has expired on a connection that stands.
            call.number == 1
                ? .error(GatewayError(.unauthenticated, "the token has expired", notProcessed: true))
                : .message(SendResponse.accepted(9))
        } body: { client, record, _ in
            // Refused, asked again; that one is refused by the HELLO, and asked for once more.
            let receipt = try await client.send(message)
            #expect(receipt.id.description == "9")
            #expect(record.calls.count == 2)
            #expect(asked.load(ordering: .sequentiallyConsistent) == 3)
        }
    }

    @Test func aCredentialThatIsNeverGoodIsFinal() async throws {
        let asked = Atomic<Int>(0)
        try await withGateway { configuration in
            configuration.credential = {
                asked.add(1, ordering: .sequentiallyConsistent)
                return "wrong"
            }
        } script: { _ in
            .message(SendResponse.accepted())
        } body: { client, record, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .unauthenticated)
            #expect(asked.load(ordering: .sequentiallyConsistent) == 2)
            #expect(record.calls.isEmpty)
        }
    }

    @Test func aContextGoesWithEachCallWithinIt() async throws {
        try await withGateway(script: { _ in .message(SendResponse.accepted()) }) { client, record, _ in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            try await CallContext.withValue(CallContext(requestID: "r-1", traceparent: trace)) {
                _ = try await client.send(message)
            }
            _ = try await client.send(message)
            #expect(record.calls.map(\.requestID) == ["r-1", ""])
            #expect(record.calls.map(\.traceparent) == [trace, ""])
        }
    }

    @Test func aCancelledTaskSaysSo() async throws {
        try await withGateway(script: { _ in .nothing }) { client, record, _ in
            let sending = Task { try await client.send(message) }
            await record.waitForCalls(1)
            sending.cancel()
            let error = await #expect(throws: ApusError.self) { _ = try await sending.value }
            #expect(error?.code == .cancelled)
            #expect(error?.cause is CancellationError)
            #expect(error?.localizedDescription.contains("CANCELLED") == true)
        }
    }

    /// State 77 and event 99 are of a version that isn't there yet.
    @Test func valuesThatAreNotKnownAreCarried() throws {
        // id = 1, state = 77, encoding = GSM7, priority = NORMAL, timeline = [{event = 99, state = 77}].
        let status: [UInt8] = [0x08, 1, 0x10, 77, 0x28, 1, 0x40, 2, 0x6A, 4, 0x10, 99, 0x18, 77]
        let bytes = [0x0A, UInt8(status.count)] + status
        let response = try bytes.withUnsafeBytes { try StatusResponse(decoding: $0, arena: MessageArena()) }
        let read = ApusClient.MessageStatus(response.messages[0])
        #expect(read.state.rawValue == "STATE_77" && !read.state.isKnown)
        #expect(read.timeline[0].event.rawValue == "EVENT_99" && !read.timeline[0].event.isKnown)
        #expect(read.timeline[0].state == read.state)
        let answer: [UInt8] = [0x08, 1, 0x10, 77, 0x28, 1]
        let sent = try answer.withUnsafeBytes {
            try SendReceipt(SendResponse(decoding: $0, arena: MessageArena()))
        }
        #expect(sent.state == ClientState(rawValue: "STATE_77"))
        #expect(ClientState(rawValue: "NONSENSE") == nil)
        // encoding = 55, priority = 66, waiting = {kind = 88}.
        let later: [UInt8] = [0x08, 1, 0x10, 3, 0x28, 55, 0x40, 66, 0xC2, 0x01, 2, 0x08, 88]
        let laterBytes = [0x0A, UInt8(later.count)] + later
        let answered = try laterBytes.withUnsafeBytes { try StatusResponse(decoding: $0, arena: MessageArena()) }
        let carried = ApusClient.MessageStatus(answered.messages[0])
        #expect(carried.encoding.rawValue == "ENCODING_55" && !carried.encoding.isKnown)
        #expect(carried.priority.rawValue == "PRIORITY_66" && !carried.priority.isKnown)
        #expect(carried.waiting?.kind.rawValue == "WAIT_88" && carried.waiting?.kind.isKnown == false)
        // As a gateway has read them, so they go on.
        let output = OutputBuffer()
        answered.encode(into: output)
        #expect(Array(output.bytes) == laterBytes)
        let sentLater = try ([0x08, 1, 0x10, 3, 0x28, 55] as [UInt8]).withUnsafeBytes {
            try SendReceipt(SendResponse(decoding: $0, arena: MessageArena()))
        }
        #expect(sentLater.encoding == MessageEncoding(rawValue: "ENCODING_55"))
        #expect(ClientState(rawValue: "SENT") == .sent)
    }

    @Test func noMessageIsSentWithAPriorityThatIsNotKnown() throws {
        var message = message
        message.priority = MessagePriority(rawValue: "PRIORITY_66")
        let error = #expect(throws: ApusError.self) { try SendRequest(message) }
        #expect(error?.code == .invalidArgument && error?.violations.map(\.field) == ["priority"])
    }

    @Test func everyKnownValueHasTheProtocolsName() throws {
        let proto = try String(
            contentsOf: URL(filePath: #filePath).appending(path: "../../../Protos/apus.proto").standardizedFileURL,
            encoding: .utf8)
        func names(_ prefix: String) -> [String] {
            proto.split(separator: "\n").compactMap { line in
                let word = line.trimmingCharacters(in: .whitespaces).split(separator: " ").first ?? ""
                return word.hasPrefix(prefix) ? String(word.dropFirst(prefix.count)) : nil
            }.filter { $0 != "UNSPECIFIED" }
        }
        #expect(ClientState.allCases.map(\.rawValue) == names("STATE_"))
        #expect(ApusClient.TimelineEvent.Kind.allCases.map(\.rawValue) == names("EVENT_"))
        #expect(MessageEncoding.allCases.map(\.rawValue) == names("ENCODING_"))
        #expect(MessagePriority.allCases.map(\.rawValue) == names("PRIORITY_"))
        #expect(ApusClient.WaitReason.Kind.allCases.map(\.rawValue) == names("WAIT_"))
        #expect(
            ApusClient.ProviderStatistics.Condition.allCases.map(\.rawValue) == names("PROVIDER_CONDITION_"))
    }

    @Test func resultsGoThroughJSON() throws {
        let id = try #require(ClientID("9007199254740993"))
        var status = ApusClient.MessageStatus(
            id: id, state: .delivered, settled: true, to: "+14155550100", acceptedAt: Date(timeIntervalSince1970: 1),
            expiresAt: Date(timeIntervalSince1970: 2))
        status.timeline = [.init(at: Date(timeIntervalSince1970: 1), event: .accepted, state: .queued)]
        let cause = ApusClient.UCS2Cause(character: "’", position: 3)
        let receipt = SendReceipt(id: id, encoding: .ucs2, ucs2: cause)
        let encoder = JSONEncoder()
        #expect(
            try JSONDecoder().decode(ApusClient.MessageStatus.self, from: encoder.encode(status)) == status)
        #expect(try JSONDecoder().decode(SendReceipt.self, from: encoder.encode(receipt)) == receipt)
        #expect(String(decoding: try encoder.encode([id]), as: UTF8.self) == #"["9007199254740993"]"#)
    }

    private actor Uploader {
        var chunks = 0

        func run(_ client: GatewayClient) async throws {
            let messages = (0..<20).map { OutgoingMessage(to: "+1415555\(1000 + $0)", body: "x") }
            var options = BulkOptions()
            options.messagesPerChunk = 5
            _ = try await client.bulk(messages, batch: "b", options: options) { _ in self.chunks += 1 }
        }
    }

    @Test func progressTouchesTheActorThatCalls() async throws {
        try await withGateway(script: { _ in .message(BulkResponse(batch: BatchID(rawValue: 1), accepted: 5)) }) {
            client, _, _ in
            let uploader = Uploader()
            try await uploader.run(client)
            #expect(await uploader.chunks == 4)
        }
    }

    @Test func aServiceClosesTheClientWhenItsTaskIsCancelled() async throws {
        try await withGateway(script: { _ in .message(SendResponse.accepted()) }) { client, _, _ in
            let running = Task { try await client.run() }
            _ = try await client.send(message)
            running.cancel()
            try await running.value
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .unavailable)
        }
    }

    /// Such as a program's own tests would have.
    private struct Fake: MessageGateway {
        func send(
            _ message: OutgoingMessage, idempotencyKey: String?, timeout: Duration?
        ) async throws(ApusError) -> SendReceipt {
            guard let id = ClientID("1") else { throw ApusError(.internal, "") }
            return SendReceipt(id: id)
        }

        func status(
            of ids: [ClientID], timeline: Bool, timeout: Duration?
        ) async throws(ApusError) -> StatusReport { StatusReport(notFound: ids) }

        func status(of batch: ApusClient.BatchReference, timeout: Duration?) async throws(ApusError)
            -> ApusClient.BatchStatus
        {
            throw ApusError(.notFound, "there is no such batch")
        }

        func waitUntilSettled(
            _ ids: [ClientID], timeout: Duration
        ) async throws(ApusError) -> StatusReport { StatusReport(notFound: ids) }

        func cancel(
            _ ids: [ClientID], timeout: Duration?
        ) async throws(ApusError) -> CancelReport { CancelReport() }
    }

    @Test func aFakeStandsInForTheClient() async throws {
        let gateway: any MessageGateway = Fake()
        let receipt = try await gateway.send(message, idempotencyKey: nil, timeout: nil)
        #expect(receipt.id.description == "1" && receipt.state == .queued)
    }
}
