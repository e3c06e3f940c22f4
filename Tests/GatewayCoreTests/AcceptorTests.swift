internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import GatewayCore

/// Keeps the answers to messages that come one by one, as a door is told them.
final class AcceptorLog: Sendable {
    struct Answers: Sendable {
        var accepted: [ReplyToken: AcceptedMessage] = [:]
        var refused: [ReplyToken: GatewayError] = [:]
        /// How many times answers came.
        var bursts = 0
    }

    private let state = Mutex(Answers())
    var answers: Answers { state.withLock { $0 } }

    func take(_ burst: AcceptorAnswers) {
        state.withLock { state in
            state.bursts += 1
            burst.forEach(
                accepted: { token, message in
                    #expect(state.accepted.updateValue(message, forKey: token) == nil, "answered twice")
                },
                refused: { token, error in
                    #expect(state.refused.updateValue(error, forKey: token) == nil, "answered twice")
                })
        }
    }

    /// Returns once this many messages have been answered.
    func wait(_ count: Int) async throws -> Answers {
        try await until { answers.accepted.count + answers.refused.count >= count }
        return answers
    }
}

/// A request's texts, and the rate of the connection that it comes by.
final class Sending {
    let gateway: TestGateway
    let log = AcceptorLog()
    let acceptor: Acceptor
    let bytes = Bytes()
    var rate = RateBucket()
    private var tokens: UInt64 = 0

    init(_ gateway: TestGateway) {
        self.gateway = gateway
        acceptor = gateway.gateway.makeAcceptor { [log] in log.take($0) }
    }

    /// - Returns: the token under which the answer comes.
    /// - Throws: what is refused at once.
    @discardableResult
    func send(
        _ to: String = "+447400123456", _ body: String = "Hello", key: String = "", from sender: Principal? = nil,
        _ change: (inout SubmitRequest) -> Void = { _ in }
    ) throws -> ReplyToken {
        tokens += 1
        let token = ReplyToken(tokens, .max)
        var request = bytes.request()
        (request.to, request.body, request.idempotencyKey) = (bytes(to), bytes(body), bytes(key))
        change(&request)
        let principal = try sender ?? gateway.principal()
        try acceptor.accept(from: principal, rate: &rate, token: token, trace: { MessageTrace() }) { request }
        return token
    }

    func answers(_ count: Int) async throws -> AcceptorLog.Answers {
        acceptor.burstEnded()
        return try await log.wait(count)
    }
}

/// Acceptance without a socket.
@Suite(.timeLimit(.minutes(1))) struct AcceptorTests {
    private let directory = TemporaryDirectory()

    @Test func aTurnIsOneBurstAndEachIsAnswered() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let tokens = try (0..<10).map { try sending.send("+44740012345\($0)") }
        #expect(sending.log.answers.bursts == 0, "before the turn is over")
        let answers = try await sending.answers(10)
        #expect(answers.bursts == 1 && answers.refused.isEmpty)
        let ids = Set(tokens.compactMap { answers.accepted[$0]?.id })
        #expect(ids.count == 10)
        // What is told is durable.
        let status: StatusResult = try await gateway.ask {
            gateway.gateway.queries.status(.messages(Array(ids)), for: try gateway.caller(), $0)
        }
        #expect(Set(status.messages.map(\.id)) == ids && status.notFound.isEmpty)
        gateway.stop()
    }

    @Test func whatIsWrongIsRefusedAtOnceAndHoldsUpNobody() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let first = try sending.send()
        let wrong = #expect(throws: GatewayError.self) { try sending.send("07400", "") }
        #expect(wrong?.code == .invalidArgument && wrong?.violations.map(\.field) == ["to", "body"])
        #expect(wrong?.notProcessed == true)
        let last = try sending.send()
        let answers = try await sending.answers(2)
        #expect(Set(answers.accepted.keys) == [first, last] && answers.refused.isEmpty)
        gateway.stop()
    }

    @Test func aRepeatIsTheSameMessage() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let first = try sending.send(key: "k")
        let same = try sending.send(key: "k")
        _ = try await sending.answers(2)
        let later = try sending.send(key: "k")
        let other = try sending.send("+447400123456", "Something else", key: "k")
        let answers = try await sending.answers(4)
        let id = try #require(answers.accepted[first]?.id)
        #expect(answers.accepted[same]?.id == id && answers.accepted[later]?.id == id)
        #expect([first, same, later].map { answers.accepted[$0]?.isDuplicate } == [false, true, true])
        #expect(answers.refused[other]?.code == .alreadyExists)
        #expect(answers.refused[other]?.violations.map(\.field) == ["idempotency_key"])
        gateway.stop()
    }

    @Test func aTenantKeysAreItsOwn() async throws {
        let gateway = try TestGateway(in: directory)
        _ = try await gateway.apply(#"{"tenants":{"shop":{}}}"#)
        let sending = Sending(gateway)
        let mine = try sending.send(key: "k")
        let theirs = try sending.send(key: "k", from: try gateway.principal("shop", id: "hijklmno"))
        let answers = try await sending.answers(2)
        let id = try #require(answers.accepted[theirs]?.id)
        #expect(answers.accepted[mine]?.id != id && answers.accepted[theirs]?.isDuplicate == false)
        // One's messages are nothing to the other.
        let status: StatusResult = try await gateway.ask {
            gateway.gateway.queries.status(.messages([id]), for: try gateway.caller(), $0)
        }
        #expect(status.messages.isEmpty && status.notFound == [id])
        gateway.stop()
    }

    @Test func whoMayNotSendIsNotEvenRead() throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let reader = try gateway.principal("dev", [.read, .cancel, .admin])
        let refusal = #expect(throws: GatewayError.self) {
            try sending.acceptor.accept(
                from: reader, rate: &sending.rate, token: ReplyToken(1), trace: { MessageTrace() }
            ) { () throws(GatewayError) in
                Issue.record("it was read")
                return SubmitRequest()
            }
        }
        #expect(refusal?.code == .permissionDenied && refusal?.message.contains("messages:send") == true)
        gateway.stop()
    }

    @Test func ratesAreMetAtTheDoor() async throws {
        let gateway = try TestGateway(in: directory)
        _ = try await gateway.apply(#"{"tenants":{"dev":{"rate":{"messages_per_second":1,"burst":3}}}}"#)
        let sending = Sending(gateway)
        for _ in 0..<3 { try sending.send() }
        let refusal = #expect(throws: GatewayError.self) { try sending.send() }
        #expect(refusal?.code == .resourceExhausted && refusal?.quota?.limit == "rate")
        #expect(refusal?.notProcessed == true && refusal?.retryAfterMilliseconds ?? 0 > 0)
        #expect(try await sending.answers(3).accepted.count == 3)
        gateway.stop()
    }

    @Test func aLongTurnIsHandedOnInParts() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        for _ in 0..<300 { try sending.send() }
        // 256 of them need not wait for the end of the turn.
        #expect(try await sending.log.wait(256).accepted.count == 256)
        #expect(try await sending.answers(300).accepted.count == 300)
        gateway.stop()
    }

    @Test func whatIsLateSaysSo() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let past = gateway.clock.now() - 3_600_000
        let refusal = #expect(throws: GatewayError.self) { try sending.send { $0.sendAt = past } }
        #expect(refusal?.violations.map(\.field) == ["send_at_ms"])
        // It may be a repeat, so the store has to say that it is none.
        let token = try sending.send(key: "k") { $0.sendAt = past }
        let answers = try await sending.answers(1)
        #expect(answers.refused[token]?.violations.map(\.field) == ["send_at_ms"])
        gateway.stop()
    }

    @Test func whatWasAcceptedIsThereAfterAStop() async throws {
        let gateway = try TestGateway(in: directory)
        let sending = Sending(gateway)
        let id = try await gateway.accept(sending)
        gateway.stop()
        let again = try TestGateway(in: directory)
        let status: StatusResult = try await again.ask {
            again.gateway.queries.status(.messages([id]), for: try again.caller(), $0)
        }
        #expect(status.messages.map(\.id) == [id])
        again.stop()
    }
}

extension TestGateway {
    /// Has one message accepted.
    func accept(_ sending: Sending) async throws -> MessageID {
        let token = try sending.send()
        let answers = try await sending.answers(sending.log.answers.accepted.count + 1)
        return try #require(answers.accepted[token]?.id)
    }
}
