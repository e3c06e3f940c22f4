internal import RPCWire
internal import SMSModel
internal import Testing

private let failure = MessageFailure(code: "30003", message: "unreachable")

private func status(timeline: Int = 2) -> MessageStatus {
    MessageStatus(
        id: MessageID(rawValue: 1 << 62), state: .undelivered, settled: true, receiptOverdue: true, segments: 2,
        encoding: .ucs2, to: "+14155550100", sender: "ACME", priority: .bulk, provider: "sandbox", providerID: "SB-1",
        attempts: 3, error: failure,
        timeline: (0..<timeline).map {
            TimelineEvent(
                at: Int64($0), event: .throttled, state: .queued, attempt: $0, provider: "sandbox", detail: "détail")
        },
        reference: "ref", tags: ["a", ""], batch: BatchID(rawValue: 9), acceptedAt: 1, sendAt: -2, expiresAt: .max)
}

private func violations(_ body: () throws -> Void) -> [String] {
    do {
        try body()
        return []
    } catch let error as GatewayError {
        #expect(error.code == .invalidArgument)
        return error.violations.map(\.field)
    } catch {
        Issue.record(error)
        return []
    }
}

@Suite struct MessageTests {
    @Test func everyMessageSurvivesARoundTrip() throws {
        try same(ClientHello(versions: [1, 2], userAgent: "u", credential: "c", maximumFrameBytes: 1 << 20))
        try same(ServerHello(serverID: "s", serverAgent: "a", keepaliveMilliseconds: 5))
        try same(GoAway(status: .unavailable, message: "m", lastCallID: .max))
        try same(Credit(count: .max))
        try same(StatusRequest(.ids([MessageID(rawValue: 1), MessageID(rawValue: .max >> 1)])))
        try same(StatusRequest(.batchName("b")))
        try same(StatusRequest(.batchID(BatchID(rawValue: 3))))
        try same(StatusRequest(.reference("order 7")))
        try same(StatusRequest(.providerID("SB-1")))
        try same(CancelRequest(.ids([MessageID(rawValue: 1)])))
        try same(StatsRequest())
        for tenant in ["shop", StatusRequest.everyTenant] {
            try same(StatusRequest(.ids([MessageID(rawValue: 1)]), tenant: tenant))
            try same(CancelRequest(.batchName("b"), tenant: tenant))
            try same(StatsRequest(tenant: tenant))
        }
        for body in [MessageBody.untold, .shown("Привет"), .withheld, .removed] {
            var told = status()
            (told.tenant, told.price, told.body) = ("shop", Money(millionths: 7500), body)
            try same(StatusResponse(messages: [told]))
        }
        try same(HealthRequest())
        try same(DescribeRequest())
        try same(PauseRequest(.everything))
        try same(PauseRequest(.provider("p")))
        try same(PauseRequest(.batchName("b")))
        try same(PauseRequest(.batchID(BatchID(rawValue: 4))))
        try same(PauseResponse(paused: ["everything", "batch b"]))
        try same(SandboxRequest(limit: 1000, to: "+1"))
        try same(
            SendResponse(
                id: MessageID(rawValue: 1 << 62), state: .canceled, duplicate: true, segments: 255, encoding: .ucs2))
        try same(
            CancelResponse(
                results: [
                    .init(id: MessageID(rawValue: 1), canceled: true, state: .canceled),
                    .init(id: MessageID(rawValue: 2), canceled: false, state: nil),
                    .init(id: MessageID(rawValue: 3), canceled: false, state: .unknown, mayHaveBeenSent: true),
                ], canceled: 1, tooLate: 2, notFound: 3, mayHaveBeenSent: 4))
        try same(
            HealthReport(accepting: true, dispatching: false, checks: [.init(name: "disk", ok: false, detail: "full")]))
        var description = ServiceDescription(
            serverAgent: "a", serverID: "s", methods: [.send, .null],
            limits: [QuotaDetail(limit: "l", maximum: 1, unit: "u")], tenant: "dev")
        description.scopes = ["messages:read", "admin"]
        try same(description)
        try same(
            SandboxResponse(
                records: [
                    SandboxRecord(
                        at: 1, id: MessageID(rawValue: 2), attempt: 3, to: "+1", sender: "s", body: "b", segments: 4,
                        encoding: .gsm7, providerID: "p", outcome: "accepted")
                ], total: 7))
    }

    @Test func statusAndStatisticsSurviveARoundTrip() throws {
        try same(
            StatusResponse(
                messages: [status(), status(timeline: 0)], notFound: [MessageID(rawValue: 5)],
                batch: BatchStatus(
                    id: BatchID(rawValue: 6), name: "b", messages: 7, settled: 8,
                    states: [StateCount(state: .delivered, count: 9)], canceled: true, paused: true, createdAt: 10)))
        var statistics = GatewayStatistics()
        statistics.states = [StateCount(state: .sent, count: .max)]
        statistics.waitingUrgent = 1
        statistics.waitingNormal = 2
        statistics.waitingBulk = 3
        statistics.waitingLater = 4
        statistics.inFlight = 5
        statistics.uptimeMilliseconds = 6
        statistics.cpuMicroseconds = 7
        statistics.residentBytes = 8
        statistics.connections = 9
        statistics.commits = 10
        statistics.committedOperations = 11
        var provider = ProviderStatistics(name: "n", kind: "k")
        provider.submitted = 1
        provider.accepted = 2
        provider.rejected = 3
        provider.throttled = 4
        provider.unavailable = 5
        provider.unknown = 6
        provider.inFlight = 7
        provider.paused = true
        provider.circuit = .halfOpen
        provider.inFlightBound = 8
        provider.rate = 9.5
        provider.latencyMilliseconds = 10
        provider.condition = .disconnected
        provider.conditionDetail = "the bind was refused"
        provider.conditionSince = 11
        provider.lastError = ProviderError(MessageFailure(code: "c", message: "m"), at: 12)
        provider.waiting = 13
        provider.waitingOnly = 14
        provider.oldestWaiting = 15
        statistics.providers = [provider, ProviderStatistics(name: "m", kind: "k")]
        statistics.paused = ["provider n"]
        try same(statistics)
        try same(
            HealthReport(
                accepting: true, dispatching: true, degraded: true,
                checks: [.init(name: "disk", ok: true, detail: "1 MiB", warning: true)], providers: [provider],
                now: 16))
    }

    private func same<Message: WireMessage & Equatable>(_ message: Message) throws {
        #expect(try roundTrip(message) == message)
    }

    @Test func sendSurvivesARoundTrip() throws {
        var request = SendRequest(to: "+1", sender: "s", body: "Привет 👋", priority: .urgent)
        request.sendAt = -5
        request.validity = .max
        request.reference = "r"
        request.tags = (0..<Limits.tags).map { "tag \($0)" }
        request.maxSegments = .max
        request.onUnknown = .resend
        request.smartEncoding = .off
        #expect(try roundTrip(request) == request)
        #expect(try roundTrip(SendRequest()) == SendRequest())
    }

    @Test func theAnswerToSendSurvivesARoundTripWithAnyNumbers() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let id = UInt64.random(in: 0 ... .max, using: &random) >> UInt64.random(in: 0...63, using: &random)
            let segments = UInt32.random(in: 0 ... .max, using: &random) >> UInt32.random(in: 0...31, using: &random)
            try same(
                SendResponse(
                    id: MessageID(rawValue: id), state: MessageState.allCases.randomElement(using: &random)!,
                    duplicate: Bool.random(using: &random), segments: segments,
                    encoding: Encoding.allCases.randomElement(using: &random)!,
                    ucs2: Bool.random(using: &random)
                        ? nil
                        : UCS2Cause(
                            scalar: UInt32.random(in: 0...0x10FFFF, using: &random),
                            position: Int.random(in: 1...Int(UInt32.max), using: &random),
                            count: Int.random(in: 1...Int(UInt32.max), using: &random),
                            segmentsWithout: Int.random(in: 0...Int(UInt32.max), using: &random),
                            isReplaceable: Bool.random(using: &random)),
                    replaced: segments))
        }
    }

    @Test func borrowedSendEncodesLikeTheOwnedOne() throws {
        var owned = SendRequest(to: "+1", sender: "s", body: "b", priority: .bulk)
        owned.tags = ["x", "y"]
        owned.validity = 7
        let bytes = encoded { owned.encode(into: $0) }
        let arena = MessageArena()
        try bytes.withUnsafeBytes { payload in
            let borrowed = try SubmitRequest(decoding: payload, arena: arena)
            #expect(encoded { borrowed.encode(into: $0) } == bytes)
        }
    }

    @Test func textsAreUTF8WithoutNUL() throws {
        func send(_ field: UInt8, _ text: [UInt8]) -> [UInt8] { [field << 3 | 2, UInt8(text.count)] + text }
        let fields: [(UInt8, String)] = [(1, "to"), (2, "sender"), (3, "body"), (7, "reference"), (8, "tags[0]")]
        let wrong: [[UInt8]] = [
            [0x61, 0], [0], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ]
        for (number, name) in fields {
            for bad in wrong {
                // The bad bytes behind eight and more good ones, too.
                for prefix in ["", "abcdefgh", "abcdefghij", "äöüäöüä"] {
                    let bytes = send(number, Array(prefix.utf8) + bad)
                    #expect(violations { _ = try decode(SendRequest.self, bytes) } == [name])
                }
            }
            #expect(violations { _ = try decode(SendRequest.self, send(number, Array("\u{1}\u{7F}é👋".utf8))) }.isEmpty)
        }
    }

    @Test func allBadFieldsAreNamedAtOnce() {
        let bytes: [UInt8] = [0x0A, 1, 0, 0x12, 1, 0xFF, 0x1A, 1, 0x61, 0x42, 1, 0x61, 0x42, 1, 0x80]
        #expect(violations { _ = try decode(SendRequest.self, bytes) } == ["to", "sender", "tags[1]"])
    }

    @Test func tooManyTagsAreRefused() {
        let tag: [UInt8] = [0x42, 1, 0x61]
        let most = Array(repeatElement(tag, count: Limits.tags).joined())
        #expect(violations { _ = try decode(SendRequest.self, most) }.isEmpty)
        #expect(violations { _ = try decode(SendRequest.self, most + tag) } == ["tags"])
    }

    /// The timelines go first, then the texts; of both it is said that they are left out.
    @Test func anAnswerThatIsTooLongLeavesOutTimelinesThenTexts() throws {
        var long = status()
        long.body = .shown(String(repeating: "x", count: 1000))
        let whole = StatusResponse(messages: [long, status(timeline: 0)])
        let untimed = try #require(whole.shortened())
        #expect(untimed.messages.allSatisfy(\.timeline.isEmpty) && untimed.messages[0].body == long.body)
        let untold = try #require(untimed.shortened())
        #expect(untold.messages.map(\.body) == [.untold, .untold])
        #expect(untold.shortened() == nil)
    }

    @Test func aTenantsNameIsBounded() {
        let name = String(repeating: "t", count: Limits.tenantNameCharacters)
        for tenant in [name, name + "t"] {
            let expected = tenant == name ? [] : ["tenant"]
            #expect(violations { _ = try roundTrip(StatsRequest(tenant: tenant)) } == expected)
            #expect(violations { _ = try roundTrip(CancelRequest(.batchName("b"), tenant: tenant)) } == expected)
            #expect(violations { _ = try roundTrip(StatusRequest(.batchName("b"), tenant: tenant)) } == expected)
        }
    }

    @Test func malformedBytesAreNamedByTheirMessage() {
        let error = #expect(throws: GatewayError.self) { try decode(SendRequest.self, [0x0A, 0x7F, 1]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "the payload is not a valid SendRequest")
        #expect(error?.notProcessed == true)
    }

    @Test func everyTruncationOfARequestIsRefusedOrAMessage() throws {
        var request = SendRequest(to: "+14155550100", sender: "ACME", body: "hello", priority: .normal)
        request.tags = ["a", "b"]
        let bytes = encoded { request.encode(into: $0) }
        for count in 0..<bytes.count {
            if let message = try? decode(SendRequest.self, Array(bytes[..<count])) { #expect(message != request) }
        }
    }

    @Test func unknownFieldsAreSkippedAndUnknownStatesCarried() throws {
        // Field 2000, length-delimited.
        #expect(try decode(SendRequest.self, [0x82, 0x7D, 3, 1, 2, 3, 0x1A, 1, 0x62]).body == "b")
        let later = try decode(SendResponse.self, [0x08, 1, 0x10, 99, 0x28, 1])
        #expect(later.unknownState == 99)
        #expect(encoded { later.encode(into: $0) } == [0x08, 1, 0x10, 99, 0x28, 1])
        #expect(try decode(SendResponse.self, [0x08, 1, 0x10, 3, 0x28, 9]).unknownEncoding == 9)
    }

    @Test func selectionsAreExactlyOne() {
        func status(_ bytes: [UInt8]) -> [String] { violations { _ = try decode(StatusRequest.self, bytes) } }
        let id: [UInt8] = [0x08, 1]
        let name: [UInt8] = [0x12, 1, 0x62]
        let number: [UInt8] = [0x18, 1]
        #expect(status([]) == ["ids"])
        let reference: [UInt8] = [0x22, 1, 0x72]
        let providerID: [UInt8] = [0x2A, 1, 0x70]
        for alone in [id, name, number, reference, providerID] { #expect(status(alone).isEmpty) }
        for two in [
            id + name, name + number, number + id, reference + id, providerID + number, reference + providerID,
        ] {
            #expect(status(two) == ["ids"])
        }
        let most = Array(repeatElement(id, count: Limits.statusIDs).joined())
        #expect(status(most).isEmpty)
        #expect(status(most + id) == ["ids"])
        #expect(status([0x12, 65] + Array(repeating: 0x62, count: 65)) == ["batch"])
        #expect(status([0x22, 64] + Array(repeating: 0x62, count: 64)).isEmpty)
        #expect(status([0x22, 65] + Array(repeating: 0x62, count: 65)) == ["reference"])
        #expect(status([0x2A, 0x80, 2] + Array(repeating: 0x62, count: 256)).isEmpty)
        #expect(status([0x2A, 0x81, 2] + Array(repeating: 0x62, count: 257)) == ["provider_id"])
        func cancel(_ bytes: [UInt8]) -> [String] { violations { _ = try decode(CancelRequest.self, bytes) } }
        for alone in [id, [0x12, 1, 0x62], [0x18, 1]] { #expect(cancel(alone).isEmpty) }
        #expect(cancel([]) == ["ids"])
        #expect(cancel(id + name) == ["ids"])
        #expect(violations { _ = try decode(PauseRequest.self, [0x0A, 1, 0x62, 0x18, 1]) } == ["provider"])
    }

    @Test func helloHasItsBounds() {
        func hello(_ hello: ClientHello) -> [String] { violations { _ = try roundTrip(hello) } }
        let longest = String(repeating: "k", count: Limits.credentialBytes)
        #expect(hello(ClientHello(credential: longest)).isEmpty)
        #expect(hello(ClientHello(credential: longest + "k")) == ["credential"])
        #expect(hello(ClientHello(userAgent: String(repeating: "u", count: Limits.userAgentBytes))).isEmpty)
        #expect(
            hello(ClientHello(userAgent: String(repeating: "u", count: Limits.userAgentBytes + 1))) == ["user_agent"])
        #expect(hello(ClientHello(maximumFrameBytes: UInt32(Limits.minimumFrameBytes))).isEmpty)
        #expect(hello(ClientHello(maximumFrameBytes: UInt32(Limits.minimumFrameBytes - 1))) == ["max_frame_bytes"])
    }
}

@Suite struct MetadataTests {
    private func metadata(_ bytes: [UInt8], _ check: (RequestMetadata) -> Void = { _ in }) throws(GatewayError) {
        let arena = MessageArena()
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, GatewayError> in
            do throws(GatewayError) {
                check(try RequestMetadata(decoding: bytes, arena: arena))
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    @Test func noneIsNoBytes() throws {
        #expect(encoded { RequestMetadata().encode(into: $0) }.isEmpty)
        try metadata([]) { #expect($0.timeoutMilliseconds == 0 && $0.idempotencyKey.isEmpty) }
    }

    @Test func boundsHoldAtTheirEdges() throws {
        func field(_ number: UInt8, _ count: Int) -> [UInt8] {
            [number << 3 | 2] + [UInt8(count & 0x7F | 0x80), UInt8(count >> 7)] + Array(repeating: 0x61, count: count)
        }
        let bounds: [(UInt8, String, Int)] = [
            (2, "authorization", Limits.credentialBytes), (3, "idempotency_key", Limits.idempotencyKeyBytes),
            (4, "request_id", Limits.requestIDBytes),
        ]
        for (number, name, most) in bounds {
            try metadata(field(number, most))
            #expect(violations { try metadata(field(number, most + 1)) } == [name])
        }
        // A key is any bytes; the others are text.
        try metadata([0x1A, 2, 0, 0xFF]) { #expect(Array($0.idempotencyKey) == [0, 0xFF]) }
        #expect(violations { try metadata([0x22, 1, 0]) } == ["request_id"])
        // A trace context is never a reason to refuse.
        for bytes in [field(5, Limits.traceparentBytes + 1), [0x2A, 1, 0]] {
            try metadata(bytes) { #expect($0.traceparent.count > 0) }
        }
    }

    @Test func commonMetadataIsReadLikeAllOther() throws {
        // The same fields with a request id behind them go through protobuf-c.
        let other: [UInt8] = [0x22, 1, 0x72]
        let timeouts: [(UInt32, [UInt8])] = [
            (0, []), (1, [8, 1]), (127, [8, 0x7F]), (128, [8, 0x80, 1]), (5000, [8, 0x88, 0x27]),
            (2_097_151, [8, 0xFF, 0xFF, 0x7F]), (2_097_152, [8, 0x80, 0x80, 0x80, 1]),
            (.max, [8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
        ]
        let keys: [[UInt8]] = [[], [0], Array(repeating: 0xFF, count: Limits.idempotencyKeyBytes)]
        for (timeout, bytes) in timeouts {
            for key in keys {
                let fields = bytes + (key.isEmpty ? [] : [0x1A, UInt8(key.count)] + key)
                for more in [[], other] {
                    try metadata(fields + more) {
                        #expect($0.timeoutMilliseconds == timeout && Array($0.idempotencyKey) == key)
                    }
                }
                // Cut short anywhere but between the fields, it is malformed.
                for count in 1..<max(1, fields.count) where count != bytes.count {
                    #expect(throws: GatewayError.self) { try metadata(Array(fields[..<count])) }
                }
            }
        }
    }

    @Test func errorsSurviveARoundTrip() {
        let error = GatewayError(
            .resourceExhausted, "m", violations: [FieldViolation(field: "f", description: "d")],
            retryAfterMilliseconds: .max, quota: QuotaDetail(limit: "l", maximum: 1, unit: "u"), notProcessed: true)
        for error in [error, GatewayError(.unavailable, "")] { #expect(readBack(error) == error) }
    }

    @Test func errorsFitTheMetadata() throws {
        let long = String(repeating: "é", count: 9000)
        let many = (0..<40).map { FieldViolation(field: "f\($0)", description: "d") }
        let cut = try #require(readBack(GatewayError(.invalidArgument, "m", violations: many)))
        #expect(cut.violations == Array(many.prefix(Limits.violationsPerRefusal)))
        let big = try #require(
            readBack(
                GatewayError(
                    .invalidArgument, long, violations: [FieldViolation(field: long, description: long)],
                    quota: QuotaDetail(limit: long, maximum: 1, unit: ""))))
        #expect(big.code == .invalidArgument)
        #expect(big.violations.isEmpty)
        #expect(long.hasPrefix(big.message) && big.message.count > 1000)
    }

    private func readBack(_ error: GatewayError) -> GatewayError? {
        let bytes = encoded { $0.appendError(callID: 3, error) }
        return bytes.withUnsafeBytes { bytes in
            guard let frame = try? FrameParser(maximumLength: Limits.frameBytes).frame(in: bytes) else { return nil }
            #expect(frame.size == bytes.count && frame.payload.isEmpty)
            return GatewayError(status: frame.header.code, metadata: frame.metadata, arena: MessageArena())
        }
    }
}
