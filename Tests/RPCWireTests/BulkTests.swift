internal import RPCWire
internal import SMSModel
internal import Testing

/// Decodes a Bulk and hands the view over while its bytes live.
private func withBulk(_ bytes: [UInt8], _ body: (BulkRequestView) throws -> Void) throws {
    let arena = MessageArena()
    try bytes.withUnsafeBytes { try body(BulkRequestView(decoding: $0, arena: arena)) }
}

private func fields(_ bytes: [UInt8]) -> [String] {
    let error = #expect(throws: GatewayError.self) { try withBulk(bytes) { _ in } }
    return error?.violations.map(\.field) ?? []
}

private func bytes(_ request: BulkRequest) -> [UInt8] { encoded { request.encode(into: $0) } }

private func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct BulkTests {
    private let messages = (0..<3).map { SendRequest(to: "+1415555010\($0)", body: "body \($0)") }

    @Test func messagesAreSeenOneByOne() throws {
        let request = BulkRequest(batch: "b", firstIndex: 7, content: .messages(messages))
        #expect(try roundTrip(request) == request)
        try withBulk(bytes(request)) { (view) throws in
            #expect(text(view.batch) == "b")
            #expect(view.firstIndex == 7)
            #expect(view.template == nil)
            for index in 0..<view.count { #expect(text(try view.message(at: index).body) == messages[index].body) }
        }
    }

    @Test func templateHasRecipientsWithVariables() throws {
        let recipients = [
            BulkRequest.Recipient(to: "+1", variables: [.init(name: "n", value: "1"), .init(name: "n", value: "2")]),
            BulkRequest.Recipient(to: "+2"),
        ]
        let request = BulkRequest(
            batch: "b", firstIndex: 0, content: .template(SendRequest(body: "{{n}}", priority: .bulk), recipients))
        #expect(try roundTrip(request) == request)
        try withBulk(bytes(request)) { (view) throws in
            #expect(view.count == 2)
            #expect(view.template.map { text($0.body) } == "{{n}}")
            let first = try view.recipient(at: 0)
            #expect(text(first.to) == "+1")
            #expect((0..<first.variableCount).map { text(first.variable(at: $0).value) } == ["1", "2"])
            #expect(try view.recipient(at: 1).variableCount == 0)
        }
    }

    @Test func aBadItemIsRefusedAlone() throws {
        var items = messages
        items[1].body = "a\0b"
        try withBulk(bytes(BulkRequest(batch: "b", firstIndex: 0, content: .messages(items)))) { (view) throws in
            _ = try view.message(at: 0)
            let error = #expect(throws: GatewayError.self) { try view.message(at: 1) }
            #expect(error?.violations.map(\.field) == ["body"])
            _ = try view.message(at: 2)
        }
        let recipients = [
            BulkRequest.Recipient(to: "+1", variables: [.init(name: "ok", value: "\0")]),
            BulkRequest.Recipient(
                to: "+2",
                variables: (0...Limits.templateVariables).map { .init(name: "v\($0)", value: "") }),
            BulkRequest.Recipient(
                to: "+3",
                variables: (0..<Limits.templateVariables).map { .init(name: "v\($0)", value: "") }),
        ]
        let template = BulkRequest(batch: "b", firstIndex: 0, content: .template(SendRequest(), recipients))
        try withBulk(bytes(template)) { (view) throws in
            let first = #expect(throws: GatewayError.self) { try view.recipient(at: 0) }
            #expect(first?.violations.map(\.field) == ["variables[0].value"])
            let second = #expect(throws: GatewayError.self) { try view.recipient(at: 1) }
            #expect(second?.violations.map(\.field) == ["variables"])
            #expect(try view.recipient(at: 2).variableCount == Limits.templateVariables)
        }
    }

    @Test func theChunkHasItsBounds() throws {
        func chunk(_ count: Int, batch: String = "b", first: UInt64 = 0) -> [UInt8] {
            bytes(
                BulkRequest(
                    batch: batch, firstIndex: first,
                    content: .messages(Array(repeating: SendRequest(to: "+1"), count: count))))
        }
        try withBulk(chunk(Limits.bulkMessages)) { #expect($0.count == Limits.bulkMessages) }
        #expect(fields(chunk(Limits.bulkMessages + 1)) == ["messages"])
        #expect(fields(chunk(0)) == ["messages"])
        #expect(fields(chunk(1, batch: "")) == ["batch"])
        try withBulk(chunk(1, batch: String(repeating: "b", count: Limits.batchNameBytes))) { _ in }
        #expect(fields(chunk(1, batch: String(repeating: "b", count: Limits.batchNameBytes + 1))) == ["batch"])
        #expect(fields(chunk(1, batch: "b\0")) == ["batch"])
        try withBulk(chunk(1, first: Limits.batchIndex)) { _ in }
        #expect(fields(chunk(1, first: Limits.batchIndex + 1)) == ["first_index"])
    }

    @Test func messagesAndTemplateExcludeEachOther() {
        let list = bytes(BulkRequest(batch: "b", firstIndex: 0, content: .messages(messages)))
        let template = bytes(
            BulkRequest(batch: "b", firstIndex: 0, content: .template(SendRequest(), [.init(to: "+1")])))
        #expect(fields(list + template) == ["template"])
        let nobody = bytes(BulkRequest(batch: "b", firstIndex: 0, content: .template(SendRequest(), [])))
        #expect(fields(nobody) == ["template.recipients"])
        let bad = bytes(
            BulkRequest(batch: "b", firstIndex: 0, content: .template(SendRequest(body: "\0"), [.init(to: "+1")])))
        #expect(fields(bad) == ["template.message.body"])
        // A template without a message: field 4 with one recipient.
        #expect(fields([0x0A, 1, 0x62, 0x22, 5, 0x12, 3, 0x0A, 1, 0x2B]) == ["template.message"])
    }

    @Test func decodingHasAMemoryBound() throws {
        // Empty submessages: two bytes each on the wire, a whole struct each in memory.
        let bytes: [UInt8] = [0x0A, 1, 0x62] + Array(repeatElement([0x1A, 0], count: 500_000).joined())
        let arena = MessageArena()
        bytes.withUnsafeBytes { bytes in
            let error = #expect(throws: GatewayError.self) { try BulkRequestView(decoding: bytes, arena: arena) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.notProcessed == true)
        }
        #expect(arena.heldBytes <= Limits.decodeArenaBytes)
        arena.reset()
        #expect(arena.heldBytes == 0)
        // And then it works again.
        _ = try encoded { messages[0].encode(into: $0) }.withUnsafeBytes {
            try SubmitRequest(decoding: $0, arena: arena)
        }
    }
}

@Suite struct ShorteningTests {
    private func answer(_ message: some WireMessage, maximum: Int) throws -> (status: UInt16, payload: [UInt8]) {
        let bytes = encoded { $0.appendResponse(callID: 1, message: message, maximumLength: maximum) }
        return try bytes.withUnsafeBytes { bytes in
            let frame = try #require(try FrameParser(maximumLength: maximum).frame(in: bytes))
            #expect(frame.size == bytes.count)
            return (frame.header.code, Array(frame.payload))
        }
    }

    @Test func refusalsAreCutToFit() throws {
        let refusals = (0..<1000).map {
            BulkResponse.Refusal(
                item: UInt32($0), status: .invalidArgument, message: "to is not a number",
                violations: [FieldViolation(field: "to", description: "is not a number")])
        }
        let response = BulkResponse(
            batch: BatchID(rawValue: 1), refused: 1000, ids: Array(repeating: 0, count: 1000), refusals: refusals)
        let (status, payload) = try answer(response, maximum: 20_000)
        #expect(status == 0)
        let read = try decode(BulkResponse.self, payload)
        #expect(read.refused == 1000 && read.ids.count == 1000)
        #expect(!read.refusals.isEmpty && read.refusals.count < 1000)
        #expect(read.refusals == Array(refusals.prefix(read.refusals.count)))
    }

    @Test func theAnswerToAFullBulkFitsTheSmallestFrame() throws {
        let ids = (0..<Limits.bulkMessages).map { UInt64(1) << 62 + UInt64($0) }
        let response = BulkResponse(
            batch: BatchID(rawValue: 1 << 62), duplicates: UInt32(ids.count), ids: ids,
            duplicateItems: (0..<UInt32(ids.count)).map { $0 })
        let (status, payload) = try answer(response, maximum: Limits.minimumFrameBytes)
        #expect(status == 0)
        #expect(try decode(BulkResponse.self, payload) == response)
    }

    @Test func timelinesAreLeftOutToFit() throws {
        let events = (0..<2000).map {
            TimelineEvent(at: Int64($0), event: .throttled, state: .queued, detail: "the provider was busy")
        }
        var message = MessageStatus(
            id: MessageID(rawValue: 1), state: .queued, settled: false, receiptOverdue: false, segments: 1,
            encoding: .gsm7, to: "+1", sender: "", priority: .normal, provider: "", providerID: "", attempts: 0,
            error: nil, timeline: events, reference: "", tags: [], batch: nil, acceptedAt: 0, sendAt: 0, expiresAt: 0)
        let (status, payload) = try answer(StatusResponse(messages: [message]), maximum: 20_000)
        #expect(status == 0)
        message.timeline = []
        #expect(try decode(StatusResponse.self, payload).messages == [message])
    }

    @Test func theNewestSandboxRecordsAreKept() throws {
        let records = (1...100).map {
            SandboxRecord(
                at: Int64($0), id: MessageID(rawValue: UInt64($0)), attempt: 1, to: "+1", sender: "",
                body: String(repeating: "x", count: 1000), segments: 1, encoding: .gsm7, providerID: "", outcome: "")
        }
        let (_, payload) = try answer(SandboxResponse(records: records, total: 100), maximum: 30_000)
        let read = try decode(SandboxResponse.self, payload)
        #expect(read.total == 100)
        #expect(!read.records.isEmpty && read.records == Array(records.suffix(read.records.count)))
    }

    @Test func whatCantBeCutIsRefused() throws {
        let report = HealthReport(
            accepting: true, dispatching: true, checks: [.init(name: String(repeating: "x", count: 1001), ok: true)])
        let (status, _) = try answer(report, maximum: 1000)
        #expect(status == StatusCode.resourceExhausted.rawValue)
    }
}

/// What a Bulk may hold, so that decoding it stays within its memory; and pieces of one sub-message.
@Suite struct BulkBoundTests {
    private let arena = MessageArena()

    private func decoded(_ request: BulkRequest) throws(GatewayError) -> Int {
        let bytes = encoded { request.encode(into: $0) }
        #expect(bytes.count <= Limits.frameBytes)
        let result = bytes.withUnsafeBytes { bytes -> Result<Int, GatewayError> in
            do throws(GatewayError) {
                return .success(try BulkRequestView(decoding: bytes, arena: arena).count)
            } catch {
                return .failure(error)
            }
        }
        arena.reset()
        return try result.get()
    }

    @Test(arguments: [1, 14, 16]) func aFullChunkWithTagsIsDecoded(_ tags: Int) throws {
        var message = SendRequest(to: "+14155550100", sender: "ACME", body: "x")
        let room = (Limits.frameBytes - 1024) / Limits.bulkMessages - 40
        message.tags = Array(repeating: String(repeating: "t", count: min(64, room / tags - 2)), count: tags)
        let request = BulkRequest(
            batch: "b", firstIndex: 0, content: .messages(Array(repeating: message, count: Limits.bulkMessages)))
        #expect(try decoded(request) == Limits.bulkMessages)
    }

    private func template(variables: Int, valueBytes: Int) -> BulkRequest {
        let value = String(repeating: "v", count: valueBytes)
        let each = (variables + Limits.bulkMessages - 1) / Limits.bulkMessages
        let recipients = (0..<Limits.bulkMessages).map { index in
            let count = max(0, min(each, variables - index * each))
            return BulkRequest.Recipient(
                to: "+14155550100",
                variables: Array(repeating: BulkRequest.Variable(name: "name", value: value), count: count))
        }
        return BulkRequest(batch: "b", firstIndex: 0, content: .template(SendRequest(body: "{{name}}"), recipients))
    }

    @Test func asManyVariablesAsMayBeAreDecoded() throws {
        #expect(try decoded(template(variables: Limits.bulkVariables, valueBytes: 48)) == Limits.bulkMessages)
        let error = #expect(throws: GatewayError.self) {
            try decoded(template(variables: Limits.bulkVariables + 1, valueBytes: 1))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.violations.map(\.field) == ["template.recipients"])
    }

    /// protobuf-c would take the first piece's priority away.
    @Test func piecesOfATemplateAreRefused() throws {
        func piece(_ message: [UInt8]) -> [UInt8] {
            [0x22, UInt8(message.count + 2), 0x0A, UInt8(message.count)] + message
        }
        let head: [UInt8] = [0x0A, 1, 0x62]
        func violations(_ bytes: [UInt8]) -> [String]? {
            do throws(GatewayError) {
                _ = try decode(BulkRequest.self, bytes)
                return nil
            } catch {
                return error.violations.map(\.field)
            }
        }
        // URGENT, then a body: each a whole `template`, or one `template` with two `message`.
        #expect(violations(head + piece([0x20, 1]) + piece([0x1A, 1, 0x78])) == ["template"])
        let inner: [UInt8] = [0x0A, 2, 0x20, 1, 0x0A, 3, 0x1A, 1, 0x78, 0x12, 3, 0x0A, 1, 0x2B]
        #expect(violations(head + [0x22, UInt8(inner.count)] + inner) == ["template.message"])
        // Lists have as many as they like, and so have scalars: the last one counts.
        let whole: [UInt8] = [0x0A, 2, 0x20, 1, 0x12, 3, 0x0A, 1, 0x2B, 0x12, 3, 0x0A, 1, 0x2B]
        #expect(violations(head + head + [0x22, UInt8(whole.count)] + whole) == nil)
    }

    @Test func aQuotaInPiecesIsNotRead() throws {
        let quota: [UInt8] = [0x22, 2, 0x10, 1]
        func error(_ metadata: [UInt8]) -> GatewayError {
            metadata.withUnsafeBytes {
                GatewayError(status: StatusCode.resourceExhausted.rawValue, metadata: $0, arena: arena)
            }
        }
        #expect(error(quota).quota?.maximum == 1)
        #expect(error(quota + quota).quota == nil)
    }

    @Test func otherWireTypesAndGroupsAreRefused() {
        let groups: [UInt8] = [0x7B, 0x7C]  // field 15, which is unknown
        let asNumber: [UInt8] = [0x18, 1]  // `body` as a varint
        for bytes in [groups, asNumber] {
            let error = #expect(throws: GatewayError.self) { try decode(SendRequest.self, bytes) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
