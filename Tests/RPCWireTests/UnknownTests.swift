import RPCWire
import SMSModel
import Testing

@Suite struct UnknownTests {
    private func violations<Message: WireMessage>(_ message: Message) -> [String] {
        do throws(GatewayError) {
            _ = try roundTrip(message)
            return []
        } catch {
            #expect(error.code == .invalidArgument)
            return error.violations.map(\.field)
        }
    }

    private func same<Message: WireMessage & Equatable>(_ message: Message) throws {
        #expect(try roundTrip(message) == message)
    }

    private func message(_ id: UInt64) -> UnknownListResponse.Message {
        let status = MessageStatus(
            id: MessageID(rawValue: id), state: .unknown, settled: false, receiptOverdue: false, segments: 1,
            encoding: .gsm7, to: "+14155550100", sender: "ACME", priority: .normal, provider: "sandbox",
            providerID: "", attempts: 1, error: MessageFailure(code: "LOST", message: "may have been taken"),
            timeline: [], reference: "r", tags: [String(repeating: "t", count: 64)], batch: nil, acceptedAt: 1,
            sendAt: 0, expiresAt: 2)
        return UnknownListResponse.Message(status: status, since: 7, tenant: "shop")
    }

    private func ids(_ count: Int) -> [MessageID] { (0..<count).map { MessageID(rawValue: UInt64($0) + (1 << 61)) } }

    @Test func allSurviveARoundTrip() throws {
        try same(UnknownListRequest())
        try same(
            UnknownListRequest(
                tenant: "shop", provider: "twilio", limit: 1000, cursor: Array(0..<64), oldestFirst: true))
        try same(UnknownListRequest(tenant: UnknownListRequest.everyTenant))
        try same(UnknownListResponse())
        try same(UnknownListResponse(messages: [message(1), message(2)], cursor: [0, 255]))
        try same(UnknownResendRequest(ids: ids(2), note: "они просили"))
        for state in MessageLifecycle.settlements { try same(UnknownSettleRequest(ids: ids(1), state: state)) }
        try same(
            UnknownActResponse([
                UnknownResult(id: MessageID(rawValue: 1), isDone: true, state: .queued),
                UnknownResult(id: MessageID(rawValue: 2), isDone: false, state: .sent, reason: "it is SENT"),
                UnknownResult(id: MessageID(rawValue: 3), isDone: false, state: nil, reason: "no such message"),
            ]))
    }

    @Test func boundsHoldAtTheirEdges() {
        let note = String(repeating: "n", count: Limits.noteBytes)
        let tenant = String(repeating: "t", count: Limits.tenantNameCharacters)
        #expect(violations(UnknownResendRequest(ids: ids(Limits.unknownIDs), note: note)).isEmpty)
        #expect(violations(UnknownResendRequest(ids: ids(Limits.unknownIDs + 1), note: note + "n")) == ["ids", "note"])
        #expect(violations(UnknownResendRequest(ids: [])) == ["ids"])
        #expect(violations(UnknownSettleRequest(ids: ids(Limits.unknownIDs), state: .sent, note: note)).isEmpty)
        #expect(violations(UnknownSettleRequest(ids: ids(Limits.unknownIDs + 1), state: .sent)) == ["ids"])
        #expect(violations(UnknownSettleRequest(ids: [], state: .sent, note: note + "n")) == ["ids", "note"])
        #expect(violations(UnknownListRequest(tenant: tenant, limit: 1000, cursor: Array(0..<64))).isEmpty)
        #expect(
            violations(UnknownListRequest(tenant: tenant + "t", limit: 1001, cursor: Array(0..<65)))
                == ["tenant", "limit", "cursor"])
    }

    @Test(arguments: MessageState.allCases)
    func onlyWhatAnOperatorCanKnowIsASettlement(_ state: MessageState) {
        let isOne = MessageLifecycle.settlements.contains(state)
        #expect(violations(UnknownSettleRequest(ids: ids(1), state: state)) == (isOne ? [] : ["state"]))
    }

    @Test func aStateThatIsNotKnownIsRefused() {
        for number: UInt8 in [0, 12, 99] {
            #expect(throws: GatewayError.self) { _ = try decode(UnknownSettleRequest.self, [0x08, 1, 0x10, number]) }
        }
        #expect(throws: GatewayError.self) { _ = try decode(UnknownListResponse.self, [0x0A, 0]) }
    }

    @Test func aFullAnswerFitsTheSmallestFrame() {
        let reason = "its body has been taken away: send a new message"
        let verdicts = ids(Limits.unknownIDs).map {
            UnknownResult(id: $0, isDone: false, state: .unknown, reason: reason)
        }
        #expect(encoded { UnknownActResponse(verdicts).encode(into: $0) }.count < Limits.minimumFrameBytes)
    }

    @Test func aPageThatIsTooLargeEndsEarlier() throws {
        let page = UnknownListResponse(messages: (1...5).map(message), cursor: [9])
        let shorter = try #require(page.shortened())
        #expect(shorter.messages == Array(page.messages.prefix(2)))
        #expect(shorter.cursor == ListCursor(last: MessageID(rawValue: 2)).bytes)
        #expect(UnknownListResponse(messages: [message(1)]).shortened() == nil)
    }
}
