internal import RPCWire
internal import SMSModel
internal import Testing

@Suite struct AdministrationTests {
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

    private func text(_ count: Int) -> String { String(repeating: "n", count: count) }

    private let change = ConfigChange(kind: "tenants", name: "shop", before: "{}", after: #"{"weight":2}"#)
    private let key = KeyDescription(
        id: "abcdefgh", tenant: "shop", scopes: ["admin", "messages:send"], note: "n", createdAt: 1, expiresAt: 2,
        revokedAt: 3, lastUsedAt: .max)

    private func entry(_ id: Int64, _ bytes: Int = 3) -> AuditResponse.Entry {
        AuditResponse.Entry(
            id: id, at: 1, actor: "key abcdefgh", peer: "unix", verb: "config.apply", subject: "tenants shop",
            before: text(bytes), after: text(bytes), note: "n")
    }

    private func inbound(_ id: Int64, _ bytes: Int = 3) -> InboundResponse.Message {
        InboundResponse.Message(
            id: id, at: 1, provider: "twilio", providerID: "SM1", from: "+1", to: "12345", body: text(bytes),
            media: [InboundMedia(url: "https://a/1", contentType: "image/png"), InboundMedia(url: "https://a/2")])
    }

    @Test func requestsSurviveARoundTrip() throws {
        try same(PauseRequest(.tenant("shop")))
        try same(SuppressRequest(tenant: "shop", numbers: ["+1", "+2"], reason: "STOP"))
        try same(SuppressRequest(numbers: ["+1"], origin: .importedList))
        try same(SuppressionsRequest())
        try same(SuppressionsRequest(isAtCarriers: true))
        try same(SandboxReceiveRequest(from: "+1", to: "2", body: ""))
        try same(
            SandboxReceiveRequest(
                provider: "s", providerID: "i", from: "+1", to: "2", body: "STOP",
                media: [InboundMedia(url: "https://a/1", contentType: "image/png")],
                part: InboundPart(reference: "r", total: 255, number: 255)))
        try same(SuppressionsRequest(tenant: "shop", number: "+1", limit: 1000, cursor: [1, 0, 255]))
        try same(UsageRequest(tenant: "*"))
        try same(InboundRequest(tenant: "shop", limit: 1000, cursor: [1, 0, 255]))
        try same(ConfigShowRequest())
        try same(ConfigShowRequest(generation: 7, kind: "tenants", name: "shop"))
        try same(ConfigApplyRequest(document: "{}", isPartial: true, isDryRun: true, ifGeneration: .max, note: "n"))
        try same(ConfigApplyRequest(document: "{}", mayRemove: true))
        try same(ConfigRollbackRequest(toGeneration: 1, isDryRun: true, note: "n"))
        try same(ConfigHistoryRequest(limit: 1000, before: .max))
        try same(KeyListRequest())
        try same(KeyListRequest(tenant: "shop", limit: 1000, cursor: [1, 0, 255]))
        try same(KeyCreateRequest(tenant: "shop", scopes: ["a", "b"], note: "n", lifetime: 5))
        try same(KeyRevokeRequest(id: "abcdefgh"))
        try same(AuditRequest(limit: 1000, before: .max))
        try same(ProviderTestRequest(name: "twilio-eu"))
    }

    @Test func responsesSurviveARoundTrip() throws {
        try same(SuppressResponse(changed: .max))
        try same(InboundResponse(messages: [inbound(.max)], cursor: [9]))
        try same(
            SuppressionsResponse(entries: [.init(number: "+1", at: -1, reason: "r")], cursor: [9], total: .max))
        let reasons = (SuppressionOrigin.allCases + [nil]).map {
            SuppressionsResponse.Reason(origin: $0, to: "12345", provider: "p", at: 7, text: "STOP")
        }
        try same(SuppressionsResponse(entries: [.init(number: "+1", at: 1, reason: "r", reasons: reasons)]))
        try same(SandboxReceiveResponse(provider: "s"))
        var tenant = UsageResponse.Tenant(name: "shop")
        tenant.segmentsToday = 1
        tenant.segmentsPerDay = 2
        tenant.costThisMonth = -3
        tenant.costPerMonth = 4
        tenant.waitingMessages = 5
        tenant.waitingMaximum = 6
        tenant.optedOutAtCarriers = 7
        try same(UsageResponse(tenants: [tenant, .init(name: "b")]))
        try same(ConfigShowResponse(generation: 1, document: "{}"))
        try same(ConfigApplyResponse(generation: 2, changes: [change, change]))
        try same(
            ConfigHistoryResponse(generations: [
                .init(number: 3, at: 4, actor: "a", peer: "p", note: "n", changes: [change]),
                .init(number: 2, at: 3, actor: "", peer: "", note: ""),
            ]))
        try same(KeyListResponse(keys: [key, key], cursor: [9]))
        try same(KeyCreateResponse(key: key, secret: "s"))
        try same(KeyRevokeResponse(key: key))
        try same(AuditResponse(entries: [entry(2), entry(1)]))
        for result in ProviderTestResponse.Result.allCases {
            try same(ProviderTestResponse(result: result, code: "20003", detail: "Authenticate"))
        }
    }

    @Test func aMessageForTheSandboxHasBounds() {
        let number = text(Limits.inboundNumberBytes)
        let file = InboundMedia(
            url: text(Limits.inboundMediaURLBytes), contentType: text(Limits.inboundMediaTypeBytes))
        var request = SandboxReceiveRequest(
            provider: text(Limits.webhookNameBytes), providerID: text(Limits.providerIDBytes), from: number, to: number,
            body: text(Limits.inboundBodyBytes), media: Array(repeating: file, count: Limits.inboundMedia),
            part: InboundPart(
                reference: text(Limits.inboundReferenceBytes), total: Limits.inboundParts,
                number: Limits.inboundParts))
        #expect(request.part != nil && violations(request).isEmpty)
        request.provider += "n"
        request.providerID += "n"
        request.from += "n"
        request.to = ""
        request.body += "n"
        request.media[1].url += "n"
        request.media[2].contentType += "n"
        #expect(
            violations(request) == [
                "provider", "provider_id", "from", "to", "body", "media[1].url", "media[2].content_type",
            ])
        request.media.append(file)
        #expect(violations(request).last == "media")
        #expect(InboundPart(reference: text(Limits.inboundReferenceBytes + 1), total: 2, number: 1) == nil)
        for (total, number) in [(1, 1), (2, 0), (2, 3), (Limits.inboundParts + 1, 1)] {
            #expect(InboundPart(reference: "r", total: total, number: number) == nil)
        }
    }

    @Test func boundsHoldAtTheirEdges() {
        let name = text(Limits.tenantNameCharacters)
        let note = text(Limits.noteBytes)
        let numbers = Array(repeating: "+1", count: Limits.suppressedNumbers)
        let reason = text(Limits.suppressionReasonBytes)
        let cursor = [UInt8](repeating: 1, count: Limits.cursorBytes)
        #expect(violations(SuppressRequest(tenant: name, numbers: numbers, reason: reason)).isEmpty)
        #expect(
            violations(SuppressRequest(tenant: name + "n", numbers: numbers + ["+1"], reason: reason + "n"))
                == ["tenant", "numbers", "reason"])
        #expect(violations(SuppressionsRequest(tenant: name, limit: 1000, cursor: cursor)).isEmpty)
        #expect(
            violations(SuppressionsRequest(tenant: name + "n", limit: 1001, cursor: cursor + [1]))
                == ["tenant", "limit", "cursor"])
        #expect(violations(InboundRequest(tenant: name, limit: 1000, cursor: cursor)).isEmpty)
        #expect(
            violations(InboundRequest(tenant: name + "n", limit: 1001, cursor: cursor + [1]))
                == ["tenant", "limit", "cursor"])
        #expect(
            violations(SuppressRequest(numbers: ["+1"], origin: .keyword)) == ["origin"]
                && violations(SuppressRequest(numbers: ["+1"], origin: .carrier)) == ["origin"])
        #expect(violations(UsageRequest(tenant: name)).isEmpty)
        #expect(violations(UsageRequest(tenant: name + "n")) == ["tenant"])
        #expect(violations(PauseRequest(.tenant(name))).isEmpty)
        #expect(violations(PauseRequest(.tenant(name + "n"))) == ["tenant"])
        let kind = text(Limits.configurationKindBytes)
        #expect(violations(ConfigShowRequest(kind: kind, name: name)).isEmpty)
        #expect(violations(ConfigShowRequest(kind: kind + "n", name: name + "n")) == ["kind", "name"])
        let document = text(Limits.configurationBytes)
        #expect(violations(ConfigApplyRequest(document: document, note: note)).isEmpty)
        #expect(violations(ConfigApplyRequest(document: document + "n", note: note + "n")) == ["document", "note"])
        #expect(violations(ConfigRollbackRequest(toGeneration: 1, note: note)).isEmpty)
        #expect(violations(ConfigRollbackRequest(toGeneration: 1, note: note + "n")) == ["note"])
        #expect(violations(ConfigHistoryRequest(limit: 1001)) == ["limit"])
        #expect(violations(KeyListRequest(tenant: name, limit: 1000, cursor: cursor)).isEmpty)
        #expect(
            violations(KeyListRequest(tenant: name + "n", limit: 1001, cursor: cursor + [1]))
                == ["tenant", "limit", "cursor"])
        let scopes = Array(repeating: "s", count: Limits.keyScopes)
        let lifetime = Limits.keyLifetimeMilliseconds
        #expect(violations(KeyCreateRequest(tenant: name, scopes: scopes, note: note, lifetime: lifetime)).isEmpty)
        #expect(
            violations(
                KeyCreateRequest(tenant: name + "n", scopes: scopes + ["s"], note: note + "n", lifetime: lifetime + 1))
                == ["tenant", "scopes", "note", "lifetime_ms"])
        #expect(violations(KeyRevokeRequest(id: "abcdefg")) == ["id"])
        #expect(violations(KeyRevokeRequest(id: "abcdefghi")) == ["id"])
        #expect(violations(AuditRequest(limit: 1001, before: -1)) == ["limit", "before"])
        let provider = text(Limits.providerNameCharacters)
        #expect(violations(ProviderTestRequest(name: provider)).isEmpty)
        #expect(violations(ProviderTestRequest(name: provider + "n")) == ["name"])
    }

    @Test func whatIsNeededIsMissed() throws {
        #expect(violations(SuppressRequest(numbers: [])) == ["numbers"])
        #expect(violations(ConfigShowRequest(name: "shop")) == ["kind"])
        #expect(violations(ProviderTestRequest(name: "")) == ["name"])
        #expect(violations(ConfigApplyRequest(document: "")) == ["document"])
        #expect(violations(ConfigRollbackRequest(toGeneration: 0)) == ["to_generation"])
        #expect(violations(KeyCreateRequest(tenant: "")) == ["tenant"])
        #expect(throws: GatewayError.self) { _ = try decode(KeyCreateResponse.self, []) }
        #expect(throws: GatewayError.self) { _ = try decode(KeyRevokeResponse.self, []) }
        // "b" and "t" together.
        #expect(throws: GatewayError.self) { _ = try decode(PauseRequest.self, [0x12, 1, 0x62, 0x22, 1, 0x74]) }
    }

    /// Texts that are none are named, the items of lists with their index.
    @Test func textsAreChecked() {
        func fields<Message: WireMessage>(_ type: Message.Type, _ bytes: [UInt8]) -> [String] {
            do throws(GatewayError) {
                _ = try decode(type, bytes)
                return []
            } catch {
                return error.violations.map(\.field)
            }
        }
        #expect(fields(SuppressRequest.self, [0x12, 1, 0x2B, 0x12, 1, 0, 0x1A, 1, 0xFF]) == ["numbers[1]", "reason"])
        #expect(fields(KeyCreateRequest.self, [0x0A, 1, 0x74, 0x12, 1, 0xC0]) == ["scopes[0]"])
        #expect(fields(ConfigApplyRequest.self, [0x0A, 1, 0]) == ["document"])
    }

    @Test func whatIsTooLargeIsCut() throws {
        let entries = (1...1000).map {
            SuppressionsResponse.Entry(number: "+\(10_000_000 + $0)", at: 1, reason: text(128))
        }
        let page = SuppressionsResponse(entries: entries, cursor: [], total: 1000)
        let cut: SuppressionsResponse = try answer(page, within: Limits.minimumFrameBytes)
        #expect(cut.entries == Array(entries.prefix(500)) && cut.total == 1000)
        #expect(SuppressionCursor(bytes: cut.cursor) == SuppressionCursor(last: 10_000_500))

        let keys = (1...Limits.keys).map { number in
            KeyDescription(
                id: text(8), tenant: text(Limits.tenantNameCharacters), scopes: ["admin"], note: text(Limits.noteBytes),
                createdAt: Int64(number))
        }
        let listed: KeyListResponse = try answer(KeyListResponse(keys: keys), within: Limits.minimumFrameBytes)
        #expect(listed.keys == Array(keys.prefix(250)))
        #expect(KeyCursor(bytes: listed.cursor) == KeyCursor(keys[249]))

        let changes = (0..<100).map { ConfigChange(kind: "tenants", name: "t\($0)", before: "", after: text(1000)) }
        let applied: ConfigApplyResponse = try answer(
            ConfigApplyResponse(generation: 9, changes: changes), within: 60_000)
        #expect(applied == ConfigApplyResponse(generation: 9, changes: Array(changes.prefix(50))))
        let none: ConfigApplyResponse = try answer(ConfigApplyResponse(generation: 9, changes: changes), within: 500)
        #expect(none == ConfigApplyResponse(generation: 9, changes: []))

        let generations = (0..<10).map {
            ConfigHistoryResponse.Generation(
                number: UInt32(10 - $0), at: 1, actor: "a", peer: "p", note: "n", changes: changes)
        }
        let history: ConfigHistoryResponse = try answer(
            ConfigHistoryResponse(generations: generations), within: 5000)
        #expect(history.generations.map(\.number) == generations.map(\.number))
        #expect(history.generations.allSatisfy { $0.changes.isEmpty })
        let newest: ConfigHistoryResponse = try answer(ConfigHistoryResponse(generations: generations), within: 40)
        #expect(newest.generations.map(\.number) == [10, 9])

        let audit: AuditResponse = try answer(
            AuditResponse(entries: (1...100).reversed().map { entry($0, 1000) }), within: 60_000)
        #expect(audit.entries == (76...100).reversed().map { entry($0, 1000) })
        let only: AuditResponse = try answer(AuditResponse(entries: [entry(1, 1000)]), within: 1000)
        #expect(only.entries.map(\.id) == [1] && only.entries[0].before.isEmpty)
    }

    private func answer<Message: WireMessage>(_ whole: Message, within bytes: Int) throws -> Message {
        let frame = encoded { $0.appendResponse(callID: 1, message: whole, maximumLength: bytes) }
        #expect(frame.count <= bytes + Limits.frameHeaderBytes)
        return try decode(Message.self, Array(frame.dropFirst(Limits.frameHeaderBytes)))
    }

    @Test func aPageOfInboundMessagesEndsEarlier() throws {
        let messages = (1...100).map { inbound(1000 - Int64($0), Limits.inboundBodyBytes) }
        let cut: InboundResponse = try answer(InboundResponse(messages: messages), within: Limits.minimumFrameBytes)
        #expect(!cut.messages.isEmpty && cut.messages.count < 100)
        #expect(InboundCursor(bytes: cut.cursor)?.last == cut.messages.last?.id)
        #expect(InboundCursor(bytes: []) == nil)
        #expect(InboundCursor(bytes: [1] + [UInt8](repeating: 0, count: 8)) == nil)
        #expect(InboundCursor(bytes: [1] + [UInt8](repeating: 255, count: 8)) == nil)
    }

    @Test func cursorsAreTheirOwnBytes() {
        for number: UInt64 in [0, 1, 999_999_999_999_999, UInt64(Int64.max) - 1] {
            #expect(SuppressionCursor(bytes: SuppressionCursor(last: number).bytes)?.last == number)
        }
        #expect(SuppressionCursor(bytes: []) == nil)
        #expect(SuppressionCursor(bytes: [2, 0, 0, 0, 0, 0, 0, 0, 1]) == nil)
        #expect(SuppressionCursor(bytes: [1, 0, 0, 0, 0, 0, 0, 0, 1, 0]) == nil)
        for time: Int64 in [.min, -1, 0, 1, 1_800_000_000_000, .max] {
            let cursor = KeyCursor(createdAt: time, id: "aZ9-_xyz")
            #expect(KeyCursor(bytes: cursor.bytes) == cursor)
            #expect(cursor.bytes.count <= Limits.cursorBytes)
        }
        let bytes = KeyCursor(createdAt: 1, id: "abcdefgh").bytes
        #expect(KeyCursor(bytes: []) == nil && KeyCursor(bytes: bytes.dropLast()) == nil)
        #expect(KeyCursor(bytes: bytes + [0x61]) == nil && KeyCursor(bytes: [2] + bytes.dropFirst()) == nil)
        #expect(KeyCursor(bytes: bytes.dropLast() + [0xFF]) == nil)
    }
}
