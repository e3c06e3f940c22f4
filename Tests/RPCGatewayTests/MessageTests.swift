internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Testing

@testable internal import GatewayCore
@testable internal import RPCGateway

/// What the RPC's door makes of the gateway's values.
@Suite struct MessageTests {
    @Test(
        arguments: [(0, 0, 1), (1, 2, 3), (.max, 0, .max), (0, .max, .max), (.max, .max, 7)]
            as [(UInt32, UInt32, UInt32)])
    func anAnswerFindsItsCall(_ slot: UInt32, _ generation: UInt32, _ callID: UInt32) {
        let connection = RPCConnectionID(slot: slot, generation: generation)
        let token = connection.token(callID)
        #expect(token.connection == connection && token.callID == callID)
    }

    @Test func connectionsTakeTheirOwnTurns() {
        let ids = [(0, 0), (0, 1), (1, 0), (.max, .max)] as [(UInt32, UInt32)]
        #expect(Set(ids.map { RPCConnectionID(slot: $0, generation: $1).asker }).count == ids.count)
    }

    @Test func everythingOfAnAcceptedMessageIsSaid() {
        let cause = Array("h\u{2019}".utf8).withUnsafeBytes { UCS2Cause($0) }
        let message = AcceptedMessage(
            id: MessageID(rawValue: 7), state: .scheduled, isDuplicate: true, segments: 3, encoding: .ucs2,
            ucs2: cause, replaced: 2)
        let expected = SendResponse(
            id: MessageID(rawValue: 7), state: .scheduled, duplicate: true, segments: 3, encoding: .ucs2, ucs2: cause,
            replaced: 2)
        #expect(SendResponse(message) == expected)
    }

    @Test func everythingOfABulkIsSaid() {
        var result = BulkResult()
        result.batch = BatchID(rawValue: 9)
        (result.accepted, result.refused, result.ids, result.duplicates) = (1, 1, [5, 6, 0], [1])
        let violation = FieldViolation(field: "to", description: "is missing")
        result.refusals = [.init(item: 2, code: .invalidArgument, message: "no", violations: [violation])]
        var expected = BulkResponse(
            batch: BatchID(rawValue: 9), accepted: 1, duplicates: 1, refused: 1, ids: [5, 6, 0], duplicateItems: [1],
            refusals: [.init(item: 2, status: .invalidArgument, message: "no", violations: [violation])])
        #expect(BulkResponse(result) == expected)
        result.dryRun = DryRunResult()
        result.dryRun?.segments = 4
        expected.dryRun = result.dryRun
        #expect(BulkResponse(result) == expected)
    }

    @Test func aStarStandsForAllTenants() {
        #expect(TenantSelection("*", all: "*") == .all)
        #expect(TenantSelection("", all: "*") == .one("") && TenantSelection("shop", all: "*") == .one("shop"))
        #expect(UInt32(0).unlessZero == nil && UInt32.max.unlessZero == Int(UInt32.max))
    }
}
