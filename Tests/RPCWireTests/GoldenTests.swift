internal import Foundation
internal import RPCWire
internal import SMSModel
internal import Testing

/// A golden frame's bytes: the hex before each line's `#`.
private func golden(_ name: String) throws -> [UInt8] {
    let text = try String(contentsOf: repository.appending(path: "Protos/golden/\(name).txt"), encoding: .utf8)
    return try text.split(separator: "\n").flatMap { line in
        try line.prefix { $0 != "#" }.split(separator: " ").map { try #require(UInt8($0, radix: 16)) }
    }
}

/// Parses the golden frame and hands it over while its bytes live.
private func withGolden<R>(_ name: String, _ body: (Frame) throws -> R) throws -> R {
    let bytes = try golden(name)
    return try bytes.withUnsafeBytes { bytes in
        let frame = try #require(try FrameParser(maximumLength: Limits.frameBytes).frame(in: bytes))
        #expect(frame.size == bytes.count)
        return try body(frame)
    }
}

/// The published frames: what is encoded is exactly them, and they are read as what they mean.
@Suite struct GoldenTests {
    private let arena = MessageArena()
    private let hello = ClientHello(
        userAgent: "golden/1", credential: "apus_0123456789abcdefghijklmnopqrstuv", maximumFrameBytes: 1 << 20)
    private let serverHello = ServerHello(serverID: "s1", serverAgent: "apusd/1", maximumFrameBytes: 1 << 20)

    private var send: SendRequest {
        var send = SendRequest(to: "+14155550100", sender: "ACME", body: "Привет 👋", priority: .urgent)
        send.sendAt = 1_700_000_000_000
        send.validity = 3_600_000
        send.reference = "order 7"
        send.tags = ["a", "b"]
        send.maxSegments = 3
        send.onUnknown = .resend
        return send
    }

    private let minimal = SendRequest(to: "+14155550100", body: "hello")

    @Test func everyPublishedFrameIsTested() throws {
        let published = try FileManager.default.contentsOfDirectory(
            atPath: repository.appending(path: "Protos/golden").path)
        #expect(
            Set(published) == [
                "refused", "skipped",
                "client_hello.txt", "server_hello.txt", "send_request.txt", "send_request_minimal.txt",
                "send_response.txt", "send_request_smart.txt", "send_response_ucs2.txt", "bulk_dry_run.txt",
                "bulk_dry_run_response.txt",
                "error_response.txt", "exhausted_response.txt", "bulk_messages.txt",
                "bulk_template.txt", "bulk_response.txt", "status_request.txt", "status_response.txt", "cancel.txt",
                "status_parts_response.txt", "status_by_reference.txt", "list_request.txt", "list_response.txt",
                "list_of_every_tenant.txt", "status_text_response.txt", "batch_list_response.txt",
                "ping.txt", "pong.txt",
                "goaway_drain.txt", "goaway_refusal.txt", "credit.txt", "suppress_request.txt",
                "config_apply_request.txt", "config_apply_response.txt", "config_apply_remove.txt",
                "key_create_response.txt",
                "unknown_settle_request.txt", "unknown_act_response.txt", "explain_response.txt",
                "suppressions_response.txt", "sandbox_receive_request.txt",
            ])
    }

    /// The names of the frames in a folder of `golden`.
    private func published(_ folder: String) throws -> [String] {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: repository.appending(path: "Protos/golden/\(folder)").path)
        return files.map { "\(folder)/\($0.dropLast(".txt".count))" }.sorted()
    }

    @Test func theRefusedAreRefused() throws {
        let names = try published("refused")
        #expect(names.count > 15)
        for name in names {
            let bytes = try golden(name)
            #expect(throws: FrameError.self, "\(name)") {
                try bytes.withUnsafeBytes { _ = try FrameParser(maximumLength: Limits.frameBytes).frame(in: $0) }
            }
        }
    }

    @Test func theSkippedAreSkipped() throws {
        let names = try published("skipped")
        #expect(names.count > 3)
        for name in names {
            try withGolden(name) { frame in #expect(frame.type == nil, "\(name)") }
        }
    }

    @Test func hellos() throws {
        #expect(encoded { $0.appendHello(hello) } == (try golden("client_hello")))
        #expect(encoded { $0.appendHello(serverHello) } == (try golden("server_hello")))
        try withGolden("client_hello") { (frame) throws in
            #expect(try ClientHello(decoding: frame.payload, arena: arena) == hello)
        }
        try withGolden("server_hello") { (frame) throws in
            #expect(try ServerHello(decoding: frame.payload, arena: arena) == serverHello)
        }
    }

    @Test func sendWithEverything() throws {
        let texts = ["apus_other", "r-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"].map {
            Array($0.utf8)
        }
        let key: [UInt8] = [0, 1, 0x6B, 0x65, 0x79]
        let bytes = texts[0].withUnsafeBytes { authorization in
            texts[1].withUnsafeBytes { requestID in
                texts[2].withUnsafeBytes { traceparent in
                    key.withUnsafeBytes { key in
                        var metadata = RequestMetadata()
                        metadata.timeoutMilliseconds = 5000
                        metadata.authorization = authorization
                        metadata.idempotencyKey = key
                        metadata.requestID = requestID
                        metadata.traceparent = traceparent
                        metadata.attempt = 2
                        metadata.initialCredit = 16
                        return encoded { $0.appendRequest(callID: 1, method: .send, metadata: metadata, message: send) }
                    }
                }
            }
        }
        #expect(bytes == (try golden("send_request")))
        try withGolden("send_request") { (frame) throws in
            #expect(frame.type == .request && frame.header.callID == 1 && frame.header.code == RPCMethod.send.rawValue)
            #expect(try SendRequest(decoding: frame.payload, arena: arena) == send)
            let metadata = try RequestMetadata(decoding: frame.metadata, arena: arena)
            #expect(metadata.timeoutMilliseconds == 5000 && metadata.attempt == 2 && metadata.initialCredit == 16)
            #expect(Array(metadata.authorization) == texts[0] && Array(metadata.requestID) == texts[1])
            #expect(Array(metadata.traceparent) == texts[2])
            let request = try SubmitRequest(decoding: frame.payload, metadata: metadata, arena: arena)
            #expect(Array(request.idempotencyKey) == key && request.priority == 1 && request.onUnknown == 2)
        }
    }

    @Test func minimalSendAndItsAnswer() throws {
        #expect(
            encoded { $0.appendRequest(callID: 2, method: .send, message: minimal) }
                == (try golden("send_request_minimal")))
        try withGolden("send_request_minimal") { (frame) throws in
            #expect(try SendRequest(decoding: frame.payload, arena: arena) == minimal)
        }
        let response = SendResponse(
            id: MessageID(rawValue: 3_565_158_400_000_004_096), state: .queued, duplicate: true, segments: 2,
            encoding: .ucs2)
        #expect(
            encoded { $0.appendResponse(callID: 1, message: response, maximumLength: 1000) }
                == (try golden("send_response")))
        try withGolden("send_response") { (frame) throws in
            #expect(frame.header.code == 0)
            #expect(try SendResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func smartEncodingAndWhatMakesABodyUCS2() throws {
        var smart = SendRequest(to: "+14155550100", body: "it’s")
        smart.smartEncoding = .on
        #expect(
            encoded { $0.appendRequest(callID: 3, method: .send, message: smart) } == (try golden("send_request_smart"))
        )
        try withGolden("send_request_smart") { (frame) throws in
            #expect(try SendRequest(decoding: frame.payload, arena: arena) == smart)
        }
        let response = SendResponse(
            id: MessageID(rawValue: 3_565_158_400_000_004_096), state: .queued, duplicate: false, segments: 2,
            encoding: .ucs2,
            ucs2: UCS2Cause(scalar: 0x2019, position: 3, count: 1, segmentsWithout: 1, isReplaceable: true))
        #expect(
            encoded { $0.appendResponse(callID: 3, message: response, maximumLength: 1000) }
                == (try golden("send_response_ucs2")))
        try withGolden("send_response_ucs2") { (frame) throws in
            #expect(try SendResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func aDryRun() throws {
        let request = BulkRequest(batch: "", firstIndex: 0, content: .messages([minimal]), isDryRun: true)
        #expect(
            encoded { $0.appendRequest(callID: 6, method: .bulk, message: request) } == (try golden("bulk_dry_run")))
        try withGolden("bulk_dry_run") { (frame) throws in
            #expect(try BulkRequest(decoding: frame.payload, arena: arena) == request)
            let view = try BulkRequestView(decoding: frame.payload, arena: arena)
            #expect(view.isDryRun && view.batch.isEmpty && view.count == 1)
        }
        var response = BulkResponse(
            batch: BatchID(rawValue: 0), accepted: 1, refused: 1, ids: [0, 0],
            refusals: [.init(item: 1, status: .invalidArgument, message: "body is empty")])
        var result = DryRunResult()
        result.segments = 2
        result.ucs2 = 1
        result.items = [
            .init(
                item: 0, segments: 2,
                cause: UCS2Cause(
                    scalar: 0x1F44B, position: 80, count: 1, segmentsWithout: 1, isReplaceable: false))
        ]
        response.dryRun = result
        #expect(
            encoded { $0.appendResponse(callID: 6, message: response, maximumLength: 1000) }
                == (try golden("bulk_dry_run_response")))
        try withGolden("bulk_dry_run_response") { (frame) throws in
            #expect(try BulkResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func errors() throws {
        let invalid = GatewayError(
            .invalidArgument, "to is not an E.164 number",
            violations: [FieldViolation(field: "to", description: "is not an E.164 number")], notProcessed: true)
        let exhausted = GatewayError(
            .resourceExhausted, "too many", retryAfterMilliseconds: 100,
            quota: QuotaDetail(limit: "calls_in_flight", maximum: 1024, unit: "calls"), notProcessed: true)
        for (name, callID, error) in [("error_response", UInt32(2), invalid), ("exhausted_response", 3, exhausted)] {
            #expect(encoded { $0.appendError(callID: callID, error) } == (try golden(name)))
            try withGolden(name) { (frame) throws in
                #expect(GatewayError(status: frame.header.code, metadata: frame.metadata, arena: arena) == error)
            }
        }
    }

    @Test func bulk() throws {
        let messages = BulkRequest(batch: "b1", firstIndex: 100, content: .messages([minimal, send]))
        let template = BulkRequest(
            batch: "b2", firstIndex: 0,
            content: .template(
                SendRequest(body: "Hi {{name}}", priority: .bulk),
                [
                    .init(to: "+14155550100", variables: [.init(name: "name", value: "Ada")]),
                    .init(to: "+14155550101"),
                ]))
        for (name, callID, request) in [("bulk_messages", UInt32(4), messages), ("bulk_template", 5, template)] {
            #expect(
                encoded { $0.appendRequest(callID: callID, method: .bulk, message: request) } == (try golden(name)))
            try withGolden(name) { (frame) throws in
                #expect(try BulkRequest(decoding: frame.payload, arena: arena) == request)
                #expect(try BulkRequestView(decoding: frame.payload, arena: arena).count == 2)
            }
        }
        let response = BulkResponse(
            batch: BatchID(rawValue: 4096), accepted: 1, duplicates: 1, refused: 1, ids: [4096, 4097, 0],
            duplicateItems: [1],
            refusals: [
                .init(
                    item: 2, status: .invalidArgument, message: "body is empty",
                    violations: [FieldViolation(field: "body", description: "is empty")])
            ])
        #expect(
            encoded { $0.appendResponse(callID: 5, message: response, maximumLength: 1000) }
                == (try golden("bulk_response")))
        try withGolden("bulk_response") { (frame) throws in
            #expect(try BulkResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func status() throws {
        let request = StatusRequest(.ids([MessageID(rawValue: 4096), MessageID(rawValue: 4097)]))
        #expect(
            encoded { $0.appendRequest(callID: 6, method: .status, message: request) } == (try golden("status_request"))
        )
        try withGolden("status_request") { (frame) throws in
            #expect(try StatusRequest(decoding: frame.payload, arena: arena) == request)
        }
        let accepted: Int64 = 1_700_000_000_000
        let response = StatusResponse(
            messages: [
                MessageStatus(
                    id: MessageID(rawValue: 4096), state: .delivered, settled: true, receiptOverdue: false, segments: 1,
                    encoding: .gsm7, to: "+14155550100", sender: "ACME", priority: .normal, provider: "sandbox",
                    providerID: "SB1", attempts: 1, error: nil,
                    timeline: [
                        TimelineEvent(at: accepted, event: .accepted, state: .queued),
                        TimelineEvent(
                            at: accepted + 250, event: .delivered, state: .delivered, attempt: 1, provider: "sandbox",
                            detail: "receipt"),
                    ], reference: "", tags: [], batch: nil, acceptedAt: accepted, sendAt: 0,
                    expiresAt: accepted + 86_400_000)
            ], notFound: [MessageID(rawValue: 4097)])
        #expect(
            encoded { $0.appendResponse(callID: 6, message: response, maximumLength: 1000) }
                == (try golden("status_response")))
        try withGolden("status_response") { (frame) throws in
            #expect(try StatusResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func statusOfParts() throws {
        let accepted: Int64 = 1_700_000_000_000
        func event(
            _ after: Int64, _ event: EventKind, _ state: MessageState, _ attempt: Int, _ detail: String = ""
        ) -> TimelineEvent {
            TimelineEvent(
                at: accepted + after, event: event, state: state, attempt: attempt, provider: "vonage", detail: detail)
        }
        let response = StatusResponse(
            messages: [
                MessageStatus(
                    id: MessageID(rawValue: 4096), state: .sent, settled: false, receiptOverdue: false, segments: 2,
                    encoding: .gsm7, to: "+14155550100", sender: "", priority: .normal, provider: "vonage",
                    providerID: "b", attempts: 2, error: nil,
                    timeline: [
                        TimelineEvent(at: accepted, event: .accepted, state: .queued),
                        event(10, .submitting, .submitting, 1), event(20, .outcomeUnknown, .queued, 1, "LOST"),
                        event(100, .submitting, .submitting, 2), event(110, .identified, .submitting, 1, "a"),
                        event(120, .sent, .sent, 2, "b"), event(120, .sent, .sent, 2, "c"),
                        event(300, .partDelivered, .sent, 2, "c"), event(400, .attemptUndelivered, .sent, 2, "5"),
                    ], reference: "", tags: [], batch: nil, acceptedAt: accepted, sendAt: 0,
                    expiresAt: accepted + 86_400_000)
            ], notFound: [])
        #expect(
            encoded { $0.appendResponse(callID: 10, message: response, maximumLength: 1000) }
                == (try golden("status_parts_response")))
        try withGolden("status_parts_response") { (frame) throws in
            #expect(try StatusResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func statusByReference() throws {
        let request = StatusRequest(.reference("order 7"))
        #expect(
            encoded { $0.appendRequest(callID: 8, method: .status, message: request) }
                == (try golden("status_by_reference")))
        try withGolden("status_by_reference") { (frame) throws in
            #expect(try StatusRequest(decoding: frame.payload, arena: arena) == request)
        }
    }

    @Test func otherTenantsMessages() throws {
        var filter = MessageFilter()
        filter.reference = "order 7"
        let request = ListRequest(filter, tenant: StatusRequest.everyTenant)
        #expect(
            encoded { $0.appendRequest(callID: 11, method: .list, message: request) }
                == (try golden("list_of_every_tenant")))
        try withGolden("list_of_every_tenant") { (frame) throws in
            #expect(try ListRequest(decoding: frame.payload, arena: arena) == request)
        }
        let accepted: Int64 = 1_700_000_000_000
        let bodies: [(UInt64, Int64, MessageBody)] = [(4096, 7500, .shown("hello")), (4097, 0, .withheld)]
        let messages = bodies.map { id, price, body in
            var status = MessageStatus(
                id: MessageID(rawValue: id), state: .queued, settled: false, receiptOverdue: false, segments: 1,
                encoding: .gsm7, to: "+14155550100", sender: "", priority: .normal, provider: "", providerID: "",
                attempts: 0, error: nil, timeline: [], reference: "", tags: [], batch: nil, acceptedAt: accepted,
                sendAt: 0, expiresAt: accepted + 86_400_000)
            (status.tenant, status.price, status.body) = ("shop", Money(millionths: price), body)
            return status
        }
        let response = StatusResponse(messages: messages)
        #expect(
            encoded { $0.appendResponse(callID: 12, message: response, maximumLength: 1000) }
                == (try golden("status_text_response")))
        try withGolden("status_text_response") { (frame) throws in
            #expect(try StatusResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func batches() throws {
        var batch = BatchStatus(
            id: BatchID(rawValue: 4095), name: "sale", messages: 2, settled: 1,
            states: [StateCount(state: .queued, count: 1), StateCount(state: .delivered, count: 1)], canceled: false,
            paused: true, createdAt: 1_700_000_000_000)
        batch.tenant = "shop"
        let response = BatchListResponse(batches: [batch], cursor: ListCursor(last: batch.id).bytes)
        #expect(
            encoded { $0.appendResponse(callID: 13, message: response, maximumLength: 1000) }
                == (try golden("batch_list_response")))
        try withGolden("batch_list_response") { (frame) throws in
            #expect(try BatchListResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func list() throws {
        let accepted: Int64 = 1_700_000_000_000
        var filter = MessageFilter()
        filter.states = [MessageStates(.sent), MessageStates(.failed)]
        filter.from = accepted
        filter.until = accepted + 86_400_000
        filter.recipient = "+14155550100"
        filter.batch = .name("b1")
        let request = ListRequest(
            filter, limit: 500, cursor: ListCursor(last: MessageID(rawValue: 4096)).bytes, oldestFirst: true)
        #expect(
            encoded { $0.appendRequest(callID: 9, method: .list, message: request) } == (try golden("list_request")))
        try withGolden("list_request") { (frame) throws in
            #expect(try ListRequest(decoding: frame.payload, arena: arena) == request)
        }
        let response = ListResponse(
            MessagePage(
                messages: [
                    MessageStatus(
                        id: MessageID(rawValue: 4097), state: .failed, settled: true, receiptOverdue: false,
                        segments: 1, encoding: .gsm7, to: "+14155550100", sender: "", priority: .bulk,
                        provider: "sandbox", providerID: "", attempts: 1,
                        error: MessageFailure(code: "30003", message: "unreachable"), timeline: [], reference: "",
                        tags: [], batch: BatchID(rawValue: 4095), acceptedAt: accepted, sendAt: 0,
                        expiresAt: accepted + 86_400_000)
                ], cursor: ListCursor(last: MessageID(rawValue: 4099))))
        #expect(
            encoded { $0.appendResponse(callID: 9, message: response, maximumLength: 1000) }
                == (try golden("list_response")))
        try withGolden("list_response") { (frame) throws in
            #expect(try ListResponse(decoding: frame.payload, arena: arena) == response)
        }
    }

    @Test func optOutsAndAdministration() throws {
        let suppress = SuppressRequest(numbers: ["+14155550100", "+447400123456"], reason: "STOP")
        try same(suppress, callID: 10, .suppress, "suppress_request")
        let suppressions = SuppressionsResponse(
            entries: [
                .init(
                    number: "+14155550100", at: 1_700_000_000_000, reason: "STOP",
                    reasons: [
                        .init(origin: .operatorRequest, at: 1_700_000_000_500, text: "called us"),
                        .init(origin: .keyword, to: "12345", at: 1_700_000_000_000, text: "STOP"),
                    ])
            ], total: 1)
        try same(suppressions, callID: 11, nil, "suppressions_response")
        let received = SandboxReceiveRequest(
            providerID: "m1", from: "+14155550100", to: "12345", body: "STOP",
            media: [InboundMedia(url: "https://example.com/1", contentType: "image/png")])
        try same(received, callID: 12, .sandboxReceive, "sandbox_receive_request")
        let settle = UnknownSettleRequest(ids: [MessageID(rawValue: 4242)], state: .delivered, note: "seen")
        try same(settle, callID: 14, .unknownSettle, "unknown_settle_request")
        let settled = UnknownActResponse([
            UnknownResult(id: MessageID(rawValue: 4242), isDone: true, state: .delivered),
            UnknownResult(
                id: MessageID(rawValue: 4243), isDone: false, state: nil, reason: "there is no such message"),
        ])
        try same(settled, callID: 14, nil, "unknown_act_response")
        let apply = ConfigApplyRequest(
            document: #"{"tenants":{"old":null,"shop":{"weight":5}}}"#, isPartial: true, ifGeneration: 7,
            note: "more for the shop")
        try same(apply, callID: 11, .configApply, "config_apply_request")
        let whole = ConfigApplyRequest(document: #"{"tenants":{"shop":{}}}"#, mayRemove: true)
        try same(whole, callID: 13, .configApply, "config_apply_remove")
        let applied = ConfigApplyResponse(
            generation: 8,
            changes: [
                ConfigChange(kind: "tenants", name: "old", before: "{}", after: ""),
                ConfigChange(kind: "tenants", name: "shop", before: #"{"weight":2}"#, after: #"{"weight":5}"#),
            ])
        try same(applied, callID: 11, nil, "config_apply_response")
        let created = KeyCreateResponse(
            key: KeyDescription(
                id: "0123ABCD", tenant: "shop", scopes: ["messages:send", "messages:read"], note: "checkout",
                createdAt: 1_700_000_000_000, expiresAt: 1_700_086_400_000),
            secret: "apus_0123ABCDefghijklmnopqrstuvwxyz-_")
        try same(created, callID: 12, nil, "key_create_response")
    }

    @Test func explaining() throws {
        var response = SendExplanation(.refused)
        response.reason = "route eu: closed"
        response.refusals = [SendExplanation.Refusal(limit: "rate", description: "too fast", retryAfter: 250)]
        response.encoding = .gsm7
        response.segments = 1
        response.characters = 5
        response.units = 6
        response.priority = .normal
        response.onUnknown = .hold
        response.expiresAt = 1_700_086_400_000
        response.routes = [SendExplanation.Route(name: "eu", verdict: "MATCHES", text: "is for it")]
        response.policy = "ORDER"
        var provider = SendExplanation.Provider(name: "a", kind: "sns", verdict: "FULL", text: "is full")
        provider.segmentPrice = 7500
        provider.weight = 1
        response.providers = [provider]
        response.reserve = 7500
        response.generation = 8
        try same(response, callID: 15, nil, "explain_response")
    }

    /// - Parameter method: nil for a response.
    private func same<Message: WireMessage & Equatable>(
        _ message: Message, callID: UInt32, _ method: RPCMethod?, _ name: String
    ) throws {
        let frame = encoded { output in
            if let method {
                output.appendRequest(callID: callID, method: method, message: message)
            } else {
                output.appendResponse(callID: callID, message: message, maximumLength: 1000)
            }
        }
        #expect(frame == (try golden(name)))
        try withGolden(name) { (frame) throws in
            #expect(try Message(decoding: frame.payload, arena: arena) == message)
        }
    }

    @Test func framesOfTheConnection() throws {
        let drain = GoAway(status: .ok, message: "shutting down", lastCallID: 6)
        let refusal = GoAway(status: .unauthenticated, message: "unknown key", lastCallID: 0)
        for (name, goAway) in [("goaway_drain", drain), ("goaway_refusal", refusal)] {
            #expect(encoded { $0.appendGoAway(goAway) } == (try golden(name)))
            try withGolden(name) { (frame) throws in
                #expect(try GoAway(decoding: frame.payload, arena: arena) == goAway)
            }
        }
        #expect(encoded { $0.appendFrame(.cancel, callID: 6) } == (try golden("cancel")))
        #expect(encoded { $0.appendCredit(callID: 7, count: 32) } == (try golden("credit")))
        try withGolden("credit") { (frame) throws in
            #expect(try Credit(decoding: frame.payload, arena: arena).count == 32)
        }
        let opaque: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        for (name, type) in [("ping", FrameType.ping), ("pong", .pong)] {
            #expect(opaque.withUnsafeBytes { o in encoded { $0.appendFrame(type, payload: o) } } == (try golden(name)))
        }
    }
}
