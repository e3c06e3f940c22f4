internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import GatewayCore

/// A bulk call that a test writes.
private final class ScriptedCall: BulkCall {
    var batch = "b"
    var firstIndex: UInt64 = 0
    var isDryRun = false
    /// Numbers and bodies; of a template the bodies are the variable `x`.
    var items: [(to: String, body: String)]
    var template: String?
    var fault: GatewayError?
    var isGone = false
    var rate = RateBucket()
    private(set) var isOpen = false
    private(set) var timesClosed = 0
    private let bytes = Bytes()

    init(_ items: [(to: String, body: String)], template: String? = nil) {
        self.items = items
        self.template = template
    }

    var trace: MessageTrace { MessageTrace() }

    func open() throws(GatewayError) -> BulkHeader {
        if let fault { throw fault }
        isOpen = true
        var request = SubmitRequest()
        if let template { request.body = bytes(template) }
        return BulkHeader(
            batch: isDryRun ? "" : batch, firstIndex: firstIndex, count: items.count, isDryRun: isDryRun,
            template: template == nil ? nil : request)
    }

    func message(at item: Int) throws(GatewayError) -> SubmitRequest {
        #expect(isOpen)
        var request = SubmitRequest()
        (request.to, request.body) = (bytes(items[item].to), bytes(items[item].body))
        return request
    }

    func recipient(
        at item: Int, variables: inout [TemplateVariable]
    ) throws(GatewayError) -> UnsafeRawBufferPointer {
        #expect(isOpen && variables.isEmpty)
        variables.append(TemplateVariable(name: bytes("x"), value: bytes(items[item].body)))
        return bytes(items[item].to)
    }

    func countInRate(
        _ count: (inout RateBucket) throws(GatewayError) -> Void
    ) throws(GatewayError) -> Bool {
        guard !isGone else { return false }
        try count(&rate)
        return true
    }

    func close() {
        isOpen = false
        timesClosed += 1
    }
}

/// Bulk calls without a socket: the test is the loop.
@Suite(.timeLimit(.minutes(1))) struct BulkAcceptorTests {
    private let directory = TemporaryDirectory()

    /// The answers, in the order of their coming.
    private final class Log: Sendable {
        let answers = Mutex<[(token: ReplyToken, result: Result<BulkResult, GatewayError>)]>([])
    }

    private final class Loop {
        let gateway: TestGateway
        private let log = Log()
        private(set) var turnsAsked: [Int64] = []
        private(set) var turns = 0
        private var acceptor: BulkAcceptor!

        init(_ gateway: TestGateway) {
            self.gateway = gateway
            acceptor = gateway.gateway.makeBulkAcceptor { [unowned self] pause in
                turnsAsked.append(pause)
            } deliver: { [log] answer in
                let result = (answer.token, answer.result())
                log.answers.withLock { $0.append(result) }
            }
        }

        func take(_ call: ScriptedCall, _ token: UInt64 = 1, from sender: Principal? = nil) throws {
            let sender = try sender ?? gateway.principal()
            try acceptor.accept(
                from: sender, rate: &call.rate, token: ReplyToken(token), bytes: 100, trace: { MessageTrace() }
            ) { call }
        }

        /// Works until nothing asks for another turn, and returns once this many calls are answered.
        func answers(_ count: Int) async throws -> [(token: ReplyToken, result: Result<BulkResult, GatewayError>)] {
            while !turnsAsked.isEmpty {
                turnsAsked.removeFirst()
                turns += 1
                acceptor.work()
            }
            try await until { log.answers.withLock { $0.count } >= count }
            return log.answers.withLock { $0 }
        }
    }

    private func numbers(_ count: Int) -> [(to: String, body: String)] {
        (0..<count).map { ("+4474001\(10_000 + $0)", "Hello \($0)") }
    }

    @Test func eachItemIsAcceptedOrRefusedAlone() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        let call = ScriptedCall([("+447400110000", "Hello"), ("1", "Hello"), ("+447400110002", "")])
        try loop.take(call)
        #expect(loop.turnsAsked == [0] && !call.isOpen, "it waits for its turn")
        let result = try await loop.answers(1)[0].result.get()
        #expect(result.accepted == 1 && result.refused == 2 && result.duplicates.isEmpty)
        #expect(result.ids.map { $0 > 0 } == [true, false, false])
        #expect(result.refusals.map(\.item) == [1, 2])
        #expect(result.refusals.map { $0.violations.map(\.field) } == [["to"], ["body"]])
        #expect(!call.isOpen && call.timesClosed == 1)
        let batch: StatusResult = try await gateway.ask {
            gateway.gateway.queries.status(.batch(.name("b")), for: try gateway.caller(), $0)
        }
        #expect(batch.batch?.id == result.batch)
        gateway.stop()
    }

    @Test func aRepeatedCallSendsNothingTwice() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        try loop.take(ScriptedCall(numbers(5)))
        let first = try await loop.answers(1)[0].result.get()
        var changed = numbers(6)
        changed[1].body = "Something else"
        try loop.take(ScriptedCall(changed))
        let second = try await loop.answers(2)[1].result.get()
        #expect(second.batch == first.batch && second.accepted == 1 && second.duplicates == [0, 2, 3, 4])
        #expect(second.ids[0] == first.ids[0] && second.refusals.map(\.item) == [1])
        #expect(second.refusals[0].code == .alreadyExists)
        gateway.stop()
    }

    @Test func aTemplateMakesABodyForEach() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        try loop.take(ScriptedCall(numbers(3), template: "{{x}}!"))
        let result = try await loop.answers(1)[0].result.get()
        #expect(result.accepted == 3)
        let ids = result.ids.map(MessageID.init(rawValue:))
        try await until { gateway.provider.seen.count == 3 }
        #expect(ids.map { gateway.provider.body(of: $0) } == ["Hello 0!", "Hello 1!", "Hello 2!"])
        // One that is none is refused as a whole.
        try loop.take(ScriptedCall(numbers(3), template: "{{x"))
        let error = await gateway.refusal { _ = try await loop.answers(2)[1].result.get() }
        #expect(error?.violations.map(\.field) == ["template.message.body"])
        gateway.stop()
    }

    @Test func aDryRunStoresNothing() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        let call = ScriptedCall([("+447400110000", "Hello"), ("+447400110001", "h\u{2019}"), ("1", "x")])
        call.isDryRun = true
        try loop.take(call)
        let result = try await loop.answers(1)[0].result.get()
        #expect(result.accepted == 2 && result.refused == 1 && result.ids == [0, 0, 0])
        #expect(result.dryRun?.segments == 2 && result.dryRun?.items.map(\.item) == [1])
        let page: MessagePage = try await gateway.ask {
            gateway.gateway.queries.list(MessageFilter(), limit: nil, for: try gateway.caller(), $0)
        }
        #expect(page.messages.isEmpty && call.timesClosed == 1)
        gateway.stop()
    }

    /// A tenant with many calls waits behind one of another.
    @Test func tenantsTakeTurns() async throws {
        let gateway = try TestGateway(in: directory)
        _ = try await gateway.apply(#"{"tenants":{"shop":{}}}"#)
        let loop = Loop(gateway)
        let shop = try gateway.principal("shop", id: "hijklmno")
        // What is wrong as a whole is answered in its turn.
        for token in 1...3 as ClosedRange<UInt64> { try loop.take(faulty(), token) }
        try loop.take(faulty(), 4, from: shop)
        #expect(try await loop.answers(4).map(\.token.high) == [1, 4, 2, 3])
        gateway.stop()
    }

    private func faulty() -> ScriptedCall {
        let call = ScriptedCall(numbers(1))
        call.fault = .invalid([FieldViolation(field: "messages", description: "is empty")])
        return call
    }

    @Test func whoMayNotSendIsRefused() throws {
        let gateway = try TestGateway(in: directory)
        let reader = try gateway.principal("dev", [.read, .admin])
        let refusal = #expect(throws: GatewayError.self) {
            try Loop(gateway).take(ScriptedCall(numbers(1)), from: reader)
        }
        #expect(refusal?.code == .permissionDenied)
        gateway.stop()
    }

    @Test func aCallTakesAllOfItsMessagesOfTheRate() async throws {
        let gateway = try TestGateway(in: directory)
        _ = try await gateway.apply(
            #"{"tenants":{"dev":{"connection_rate":{"messages_per_second":1,"burst":10}}}}"#)
        let loop = Loop(gateway)
        let call = ScriptedCall(numbers(100))
        try loop.take(call)
        #expect(try await loop.answers(1)[0].result.get().accepted == 100)
        // What it took beyond the bucket is a debt.
        let refusal = #expect(throws: GatewayError.self) { try loop.take(call) }
        #expect(refusal?.quota?.limit == "connection_rate" && refusal?.retryAfterMilliseconds ?? 0 > 80_000)
        // A dry run takes nothing, and others' connections have their own.
        let dry = ScriptedCall(numbers(100))
        dry.isDryRun = true
        try loop.take(dry)
        _ = try await loop.answers(2)
        #expect(dry.rate == RateBucket() || dry.rate.arrival <= GatewayClock.monotonicNanoseconds())
        gateway.stop()
    }

    @Test func whoHasGoneIsNotAnswered() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        let gone = ScriptedCall(numbers(1))
        gone.isGone = true
        try loop.take(gone, 1)
        try loop.take(ScriptedCall(numbers(1)), 2)
        #expect(try await loop.answers(1).map(\.token.high) == [2] && !gone.isOpen)
        gateway.stop()
    }

    /// What waits counts, and is given back when it is done.
    @Test func waitingCallsAreBounded() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        let half = Limits.waitingBytes / 4
        let tenant = TenantID.first
        #expect(gateway.writer.waiting.addBulk(half - 100, of: tenant))
        try loop.take(ScriptedCall(numbers(1)), 1)
        let refusal = #expect(throws: GatewayError.self) { try loop.take(ScriptedCall(numbers(1)), 2) }
        #expect(refusal?.code == .resourceExhausted && refusal?.quota?.limit == "waiting")
        gateway.writer.waiting.removeBulk(half - 100, of: tenant)
        _ = try await loop.answers(1)
        #expect(gateway.writer.waiting.addBulk(half, of: tenant), "nothing of the call is left")
        gateway.stop()
    }

    /// Ten thousand bodies are worked off in slices, between which the loop has its turns.
    @Test func aLongCallIsWorkedOffInSlices() async throws {
        let gateway = try TestGateway(in: directory)
        let loop = Loop(gateway)
        try loop.take(ScriptedCall(numbers(Limits.bulkMessages), template: String(repeating: "{{x}} ", count: 8)))
        #expect(loop.turnsAsked == [0])
        #expect(try await loop.answers(1)[0].result.get().accepted == Limits.bulkMessages)
        #expect(loop.turns > 1)
        gateway.stop()
    }
}
