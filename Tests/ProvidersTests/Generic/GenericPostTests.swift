internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Posts of several items, and of several kinds. Nothing that isn't understood is answered as if it were.
@Suite struct GenericPostTests {
    private static let secret = #""signature": {"scheme": "header", "name": "X-Secret", "value": "s"}"#

    private func receiver(_ members: String) throws -> any WebhookReceiver {
        try #require(Generic.kind("{\(Self.secret), \(members)}").receiver)
    }

    private func verdict(_ receiver: any WebhookReceiver, _ body: String, query: String = "") async -> WebhookResult {
        await receiver.receive(
            Generic.posted(body, query: query, headers: ["x-secret": "s"]), now: Generic.now)
    }

    private func delivered(_ id: String) -> CarrierEvent {
        .receipt(CarrierReceipt(providerID: id, status: .delivered))
    }

    // MARK: Items

    private static let items = #"""
        "items": "/results",
        "receipt": {"when": {"/done": true}, "id": "/id", "status": "/status", "statuses": {"ok": "delivered"}},
        "inbound": {"when": {"/received": true}, "id": "/id", "from": "/from", "to": "/to", "text": "/text"},
        "ignore": [{"/status": "typing"}, {"/kind": ["ping", "pong"], "/id": "0"}]
        """#

    private func receipts(_ ids: some Sequence<Int>) -> [String] {
        ids.map { #"{"id": "r\#($0)", "status": "ok", "done": "now"}"# }
    }

    @Test func everyItemOfAPostCounts() async throws {
        let receiver = try receiver(Self.items)
        let all = await verdict(receiver, #"{"results": [\#(receipts(1...100).joined(separator: ","))]}"#)
        #expect(all.events == (1...100).map { delivered("r\($0)") })
        let mixed = await verdict(
            receiver,
            #"""
            {"results": [{"id": "i", "from": "+4915", "to": "+4930", "text": "STOP", "received": 1},
              {"id": "r", "status": "ok", "done": 0}, {"status": "typing"}, {"kind": "pong", "id": 0}]}
            """#)
        #expect(
            mixed.events == [
                .inbound(InboundMessage(providerID: "i", sender: "+4915", recipient: "+4930", body: "STOP")),
                delivered("r"),
            ])
        // Nothing in it is nothing unknown.
        #expect(await verdict(receiver, #"{"results": []}"#).events == [])
        #expect(await verdict(receiver, #"{"results": [{"status": "typing"}]}"#).events == [])
    }

    @Test func whatIsUnderstoodCountsAndTheRestComesAgain() async throws {
        let receiver = try receiver(Self.items)
        for other in [
            #"{"id": "x", "status": "new", "done": 1}"#, #"{"id": "x"}"#, "7", "null", #"{"id": "x", "done": 1}"#,
            #"{"id": "x", "from": "+4915", "received": 1}"#, #"{"status": "ok", "done": 1}"#,
            #"{"kind": "ping", "id": "1"}"#,
        ] {
            let list = (receipts(1...2) + [other] + receipts(3...3)).joined(separator: ",")
            let all = await verdict(receiver, #"{"results": [\#(list)]}"#)
            #expect(all.partOfEvents == [1, 2, 3].map { delivered("r\($0)") }, "\(other)")
            let alone = await verdict(receiver, #"{"results": [\#(other)]}"#)
            #expect(alone.isUndecided || alone.isUnreadable, "\(other)")
        }
        for body in [#"{"results": {}}"#, #"{"result": []}"#, "[]", #"{"results": null}"#] {
            #expect(await verdict(receiver, body).isUnreadable, "\(body)")
        }
    }

    @Test func aPostHasABound() async throws {
        let receiver = try receiver(Self.items)
        func post(_ count: Int) -> String { "{\"results\": [\(receipts(1...count).joined(separator: ","))]}" }
        #expect(await verdict(receiver, post(Limits.webhookItems)).events?.count == Limits.webhookItems)
        #expect(await verdict(receiver, post(Limits.webhookItems + 1)).isUnreadable)
    }

    @Test func aPostMayBeAnArray() async throws {
        let receiver = try receiver(
            #"""
            "items": "",
            "receipt": {"token": "query:apus", "id": "/message/id", "status": "/type",
              "when": {"/type": ["sent", "delivered"]}, "statuses": {"delivered": "delivered", "sent": "pending"}},
            "inbound": {"when": {"/type": "received"}, "id": "/message/id", "from": "/message/from", "to": "/to",
              "text": "/message/text", "media": ["/message/media/*"]}
            """#)
        let body = #"""
            [{"type": "delivered", "to": "+1", "message": {"id": "a"}},
             {"type": "received", "to": "+2", "message": {"id": "b", "from": "+3", "text": "stop",
               "media": ["https://m.example/1", "https://m.example/2"]}}]
            """#
        var message = InboundMessage(providerID: "b", sender: "+3", recipient: "+2", body: "stop")
        message.media = [InboundMedia(url: "https://m.example/1"), InboundMedia(url: "https://m.example/2")]
        #expect(await verdict(receiver, body).events == [delivered("a"), .inbound(message)])
        #expect(await verdict(receiver, #"{"type": "delivered", "message": {"id": "a"}}"#).isUnreadable)
    }

    @Test func withoutASignatureEachItemNeedsItsToken() async throws {
        let receiver = try #require(
            Generic.kind(
                #"""
                {"signature": {"scheme": "none"}, "items": "/r", "receipt": {"token": "/data", "id": "/id",
                  "status": "/status", "statuses": {"ok": "delivered"}}}
                """#
            ).receiver)
        func item(_ token: String) -> String { #"{"id": "x", "status": "ok", "data": "\#(token)"}"# }
        func verdict(_ items: String...) async -> WebhookResult {
            await receiver.receive(
                Generic.posted(#"{"r": [\#(items.joined(separator: ","))]}"#), now: Generic.now)
        }
        let own = CarrierEvent.receipt(
            CarrierReceipt(attempt: CorrelationToken(id: MessageID(rawValue: 77), attempt: 2), status: .delivered))
        #expect(await verdict(item(Generic.token)).events == [own])
        #expect(await verdict(item("77-2-forged")).isRefused)
        #expect(await verdict(item(Generic.token), item("77-2-forged")).partOfEvents == [own])
    }

    // MARK: Kinds

    @Test func aFieldTellsReceiptsFromMessages() async throws {
        // Both have a status.
        let receiver = try receiver(
            #"""
            "receipt": {"when": {"/data/event": ["sent", "final"]}, "id": "/data/id", "status": "/data/status",
              "statuses": {"ok": "delivered", "received": "delivered"}},
            "inbound": {"when": {"/data/event": "received"}, "id": "/data/id", "from": "/data/from", "to": "/data/to",
              "text": "/data/text"}
            """#)
        func post(_ event: String) -> String {
            #"{"data": {"event": "\#(event)", "id": "m", "status": "received", "from": "+1", "to": "+2", "text": "STOP"}}"#
        }
        #expect(await verdict(receiver, post("final")).events == [delivered("m")])
        #expect(
            await verdict(receiver, post("received")).events
                == [.inbound(InboundMessage(providerID: "m", sender: "+1", recipient: "+2", body: "STOP"))])
        for event in ["", "Received", "deleted"] {
            #expect(await verdict(receiver, post(event)).isUndecided, "\(event)")
        }
    }

    @Test func oneConditionIsEnoughForBoth() async throws {
        let inbound = #""inbound": {"id": "/id", "from": "/from", "to": "/to", "text": "/text""#
        let receipt = #""receipt": {"id": "/id", "status": "/status", "statuses": {"ok": "delivered"}"#
        let message = #"{"id": "m", "status": "ok", "from": "+1", "to": "+2", "text": "", "dir": "in"}"#
        let event = CarrierEvent.inbound(InboundMessage(providerID: "m", sender: "+1", recipient: "+2", body: ""))
        for members in [
            receipt + "}, " + inbound + #", "when": {"/dir": "in"}}"#,
            receipt + #", "when": {"/dir": "out"}}, "# + inbound + "}",
        ] {
            let receiver = try receiver(members)
            #expect(await verdict(receiver, message).events == [event])
            let out = message.replacing("\"in\"", with: "\"out\"")
            #expect(await verdict(receiver, out).events == [delivered("m")])
        }
    }

    @Test(
        arguments: [
            (#""when": {}"#, nil), (#""when": []"#, "receipt.when"), (#""when": {"id": "x"}"#, "receipt.when.id"),
            (#""when": {"/id": {}}"#, "receipt.when./id"), (#""when": {"/id": []}"#, "receipt.when./id"),
            (#""when": {"param:id": [1, true]}"#, nil),
        ] as [(String, String?)])
    func conditionsAreChecked(_ condition: String, _ field: String?) throws {
        let found = try Generic.violations(
            "{\(Self.secret), "
                + #""receipt": {"id": "/id", "status": "/s", "statuses": {"ok": "delivered"}, "# + condition + "}}")
        #expect(found.keys.sorted() == [field].compactMap(\.self))
    }

    @Test func conditionsHaveABoundAndAreCovered() throws {
        func faults(_ members: String, _ signature: String = Self.secret) throws -> [String] {
            try Generic.violations(
                #"{\#(signature), "receipt": {"id": "/id", "status": "/s", "statuses": {}}, \#(members)}"#
            ).keys.sorted()
        }
        func rule(_ count: Int) -> String {
            (0..<count).map { "\"/a\(100 + $0)\": true" }.joined(separator: ",")
        }
        let most = Limits.httpAnswerConditions
        #expect(try faults(#""ignore": [{\#(rule(most))}]"#) == [])
        #expect(try faults(#""ignore": [{\#(rule(most + 1))}]"#) == ["ignore[0]./a\(100 + most)"])
        let rules = Array(repeating: "{\"/a\": 1}", count: Limits.httpIgnoreRules).joined(separator: ",")
        #expect(try faults(#""ignore": [\#(rules)]"#) == [])
        #expect(try faults(#""ignore": [\#(rules), {"/b": 1}]"#) == ["ignore"])
        // A rule without a field would hold for everything.
        #expect(try faults(#""ignore": [{}]"#) == ["ignore"])
        // What isn't signed decides nothing.
        let signed = #""signature": {"scheme": "hmac", "key": "k", "header": "X"}"#
        #expect(try faults(#""ignore": [{"query:a": "1"}]"#, signed) == ["ignore[0].query:a"])
        #expect(try faults(#""items": "/a""#, signed) == [])
        let plivo = #""signature": {"scheme": "plivo-v3", "key": "k"}"#
        #expect(try faults(#""items": "/a""#, plivo).contains("items"))
    }
}
