internal import RPCWire
internal import SMSModel
internal import Testing

@Suite struct ListTests {
    private func violations(_ bytes: [UInt8]) -> [String] {
        do throws(GatewayError) {
            _ = try decode(ListRequest.self, bytes)
            return []
        } catch {
            #expect(error.code == .invalidArgument)
            return error.violations.map(\.field)
        }
    }

    private func message(_ id: UInt64, tagBytes: Int = 8) -> MessageStatus {
        MessageStatus(
            id: MessageID(rawValue: id), state: .sent, settled: false, receiptOverdue: false, segments: 1,
            encoding: .gsm7, to: "+14155550100", sender: "ACME", priority: .normal, provider: "sandbox",
            providerID: "SB-1", attempts: 1, error: nil, timeline: [], reference: "r",
            tags: [String(repeating: "t", count: tagBytes)], batch: nil, acceptedAt: 1, sendAt: 0, expiresAt: 2)
    }

    @Test func requestsSurviveARoundTrip() throws {
        var filter = MessageFilter()
        #expect(try roundTrip(ListRequest()) == ListRequest())
        #expect(encoded { ListRequest().encode(into: $0) }.isEmpty)
        for state in MessageState.allCases { filter.states.insert(MessageStates(state)) }
        filter.from = -1
        filter.until = .max
        filter.recipient = "+14155550100"
        filter.batch = .id(BatchID(rawValue: 1 << 62))
        (filter.reference, filter.tag, filter.sender) = ("order 7", "a", "ACME")
        (filter.provider, filter.errorCode) = ("sandbox", "21211")
        let all = ListRequest(filter, tenant: "shop", limit: 1000, cursor: Array(0..<64), oldestFirst: true)
        #expect(try roundTrip(all) == all)
        filter.batch = .name("b")
        let named = ListRequest(filter)
        #expect(try roundTrip(named) == named)
    }

    @Test func responsesSurviveARoundTrip() throws {
        for response in [ListResponse(), ListResponse(messages: [message(1), message(2)], cursor: [0, 255])] {
            #expect(try roundTrip(response) == response)
        }
    }

    @Test func theEndHasNoCursor() {
        #expect(ListResponse(MessagePage(messages: [message(1)], cursor: nil)).cursor.isEmpty)
        let cursor = ListCursor(last: MessageID(rawValue: 7))
        #expect(ListResponse(MessagePage(messages: [], cursor: cursor)).cursor == cursor.bytes)
    }

    @Test func everyStateMayBeAskedForAndNoOther() {
        for state in MessageState.allCases { #expect(violations([0x08, state.rawValue]).isEmpty) }
        #expect(violations([0x0A, 2, 3, 11]).isEmpty)
        #expect(violations([0x08, 0]) == ["states[0]"])
        #expect(violations([0x0A, 3, 3, 12, 99]) == ["states[1]", "states[2]"])
        // -1, as protobuf writes it.
        #expect(violations([0x08] + Array(repeating: 0xFF, count: 9) + [1]) == ["states[0]"])
    }

    @Test func boundsHoldAtTheirEdges() {
        #expect(violations([0x38, 0xE8, 7]).isEmpty)
        #expect(violations([0x38, 0xE9, 7]) == ["limit"])
        #expect(violations([0x42, 64] + Array(repeating: 9, count: 64)).isEmpty)
        #expect(violations([0x42, 65] + Array(repeating: 9, count: 65)) == ["cursor"])
        #expect(violations([0x2A, 64] + Array(repeating: 0x62, count: 64)).isEmpty)
        #expect(violations([0x2A, 65] + Array(repeating: 0x62, count: 65)) == ["batch"])
        #expect(violations([0x2A, 1, 0x62, 0x30, 1]) == ["batch"])
        #expect(violations([0x22, 1, 0xFF]) == ["to"])
        #expect(violations([0x22, 1, 0, 0x08, 0, 0x38, 0xE9, 7]) == ["states[0]", "to", "limit"])
    }

    @Test func textsAreBounded() {
        let fields: [(String, Int, WritableKeyPath<MessageFilter, String>)] = [
            ("reference", Limits.referenceBytes, \.reference), ("tag", Limits.tagBytes, \.tag),
            ("sender", Limits.listTextBytes, \.sender), ("provider", Limits.listTextBytes, \.provider),
            ("error_code", Limits.listTextBytes, \.errorCode),
        ]
        for (field, bound, path) in fields {
            var filter = MessageFilter()
            filter[keyPath: path] = String(repeating: "x", count: bound)
            #expect(violations(encoded { ListRequest(filter).encode(into: $0) }).isEmpty, "\(field)")
            filter[keyPath: path] += "x"
            #expect(violations(encoded { ListRequest(filter).encode(into: $0) }) == [field])
        }
        let long = ListRequest(tenant: String(repeating: "t", count: Limits.tenantNameCharacters + 1))
        #expect(violations(encoded { long.encode(into: $0) }) == ["tenant"])
    }

    @Test func batchesSurviveARoundTripWithinTheirBounds() throws {
        for request in [
            BatchListRequest(), BatchListRequest(tenant: "*", limit: UInt32(Limits.listBatches), cursor: Array(0..<64)),
        ] {
            #expect(try roundTrip(request) == request)
        }
        var batch = BatchStatus(
            id: BatchID(rawValue: 7), name: "b", messages: 2, settled: 1,
            states: [StateCount(state: .sent, count: 1), StateCount(state: .failed, count: 1)], canceled: true,
            paused: true, createdAt: 5)
        batch.tenant = "shop"
        let response = BatchListResponse(batches: [batch, batch], cursor: [0, 255])
        #expect(try roundTrip(response) == response)
        // A full page fits into the smallest frame.
        batch.name = String(repeating: "n", count: Limits.batchNameBytes)
        batch.states = MessageState.allCases.map { StateCount(state: $0, count: .max) }
        let full = BatchListResponse(batches: Array(repeating: batch, count: Limits.listBatches))
        #expect(encoded { full.encode(into: $0) }.count < Limits.minimumFrameBytes)
        let many = BatchListRequest(limit: UInt32(Limits.listBatches) + 1, cursor: Array(0..<65))
        #expect(throws: GatewayError.self) { try roundTrip(many) }
    }

    @Test func aPageThatIsTooLargeEndsEarlier() throws {
        let whole = ListResponse(
            MessagePage(
                messages: (1...1000).map { message($0, tagBytes: 200) },
                cursor: ListCursor(last: MessageID(rawValue: 5000))))
        let size = encoded { whole.encode(into: $0) }.count
        #expect(size > Limits.minimumFrameBytes)
        func answer(within bytes: Int) throws -> ListResponse {
            let frame = encoded { $0.appendResponse(callID: 1, message: whole, maximumLength: bytes) }
            #expect(frame.count <= bytes + Limits.frameHeaderBytes)
            return try decode(ListResponse.self, Array(frame.dropFirst(Limits.frameHeaderBytes)))
        }
        #expect(try answer(within: size) == whole)
        for bytes in [size - 1, Limits.minimumFrameBytes, 1000] {
            let cut = try answer(within: bytes)
            #expect(!cut.messages.isEmpty && cut.messages == Array(whole.messages.prefix(cut.messages.count)))
            #expect(ListCursor(bytes: cut.cursor)?.last == cut.messages.last?.id)
        }
        // A page of one can't be cut.
        #expect(ListResponse(messages: [message(1)], cursor: [1]).shortened() == nil)
    }
}
