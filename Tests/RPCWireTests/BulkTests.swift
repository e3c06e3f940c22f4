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
            #expect(error?.code == .resourceExhausted)
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
