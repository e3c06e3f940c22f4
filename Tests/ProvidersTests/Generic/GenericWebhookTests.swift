internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What is read of requests that are believed.
@Suite struct GenericWebhookTests {
    private func receiver(_ text: String) throws -> any WebhookReceiver {
        try #require(Generic.kind(text).receiver)
    }

    private static let secret = #""signature": {"scheme": "header", "name": "X-Secret", "value": "s"}"#
    private static let headers = ["x-secret": "s"]
    private static let attempt = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2)

    @Test func fieldsStandInManyPlaces() async throws {
        let receiver = try receiver(
            "{" + Self.secret
                + #"""
                , "receipt": {"token": "query:apus", "id": "/messages/0/id", "status": "/messages/0/state",
                  "error": "/messages/0/why", "statuses": {"DELIVRD": "delivered", "Undeliv": "undelivered",
                  "acceptd": "pending"}}}
                """#)
        func receipt(_ state: String, query: String = "apus=\(Generic.token)") async -> [CarrierEvent]? {
            await receiver.receive(
                Generic.posted(
                    #"{"messages":[{"id":12,"state":"\#(state)","why":"E7"}]}"#, query: query, headers: Self.headers),
                now: 0
            ).events
        }
        func event(_ status: ReceiptStatus, _ attempt: CorrelationToken? = Self.attempt) -> [CarrierEvent] {
            [.receipt(CarrierReceipt(attempt: attempt, providerID: "12", status: status))]
        }
        #expect(await receipt("DELIVRD") == event(.delivered))
        #expect(await receipt("delivrd") == event(.delivered))
        #expect(await receipt("UNDELIV") == event(.undelivered(code: "E7")))
        #expect(await receipt("ACCEPTD") == event(.taken))
        // A status that isn't known settles nothing, and is posted again: somebody may describe it meanwhile.
        let unknown = Generic.posted(
            #"{"messages":[{"id":12,"state":"NEW"}]}"#, query: "apus=\(Generic.token)", headers: Self.headers)
        #expect(await receiver.receive(unknown, now: 0).isUndecided)
        // Another's token, a cut one, and two: the id is left.
        for query in ["apus=77-2-x", "apus=\(Generic.token.dropLast())", "apus=\(Generic.token)&apus=1", ""] {
            #expect(await receipt("DELIVRD", query: query) == event(.delivered, nil), "\(query)")
        }
    }

    @Test func formsAndParameters() async throws {
        let receiver = try receiver(
            "{" + Self.secret
                + #"""
                , "receipt": {"token": "param:ref", "id": "param:id", "status": "param:status", "error": "form:err",
                  "statuses": {"ok": "delivered", "bad": "undelivered"}},
                  "inbound": {"id": "param:id", "from": "param:from", "to": "param:to", "text": "param:text"}}
                """#)
        func events(_ request: WebhookRequest) async -> [CarrierEvent]? {
            await receiver.receive(request, now: 0).events
        }
        let delivered = [CarrierEvent.receipt(CarrierReceipt(providerID: "1", status: .delivered))]
        #expect(await events(Generic.form("id=1&status=ok", headers: Self.headers)) == delivered)
        #expect(
            await events(Generic.posted("", query: "id=1&status=ok", headers: Self.headers, method: "GET"))
                == delivered)
        #expect(await events(Generic.posted(#"{"id":1,"status":"ok"}"#, headers: Self.headers)) == delivered)
        // No error is written as 0.
        for (error, code) in [("0", "BAD"), ("", "BAD"), ("000", "BAD"), ("9", "9")] {
            #expect(
                await events(Generic.form("id=1&status=bad&err=\(error)", headers: Self.headers))
                    == [.receipt(CarrierReceipt(providerID: "1", status: .undelivered(code: code)))])
        }
        #expect(
            await events(
                Generic.form("id=2&from=%2B4915&to=%2B4930&text=h%C3%A9+%F0%9F%98%80", headers: Self.headers))
                == [
                    .inbound(InboundMessage(providerID: "2", sender: "+4915", recipient: "+4930", body: "hé 😀"))
                ])
        let unrecognized = [
            Generic.form("", headers: Self.headers), Generic.form("id=1", headers: Self.headers),
            Generic.form("id=1&status=ok&status=bad", headers: Self.headers),
            Generic.posted("[]", headers: Self.headers),
        ]
        for request in unrecognized {
            #expect(await receiver.receive(request, now: 0).isUndecided, "\(request)")
        }
        let unreadable = [
            Generic.form("status=ok", headers: Self.headers),
            // Which of two is meant?
            Generic.form("id=1&id=2&status=ok", headers: Self.headers),
            Generic.form("id=%zz&status=ok", headers: Self.headers),
            Generic.posted("{", headers: Self.headers),
            Generic.posted(#"{"id":1,"id":2,"status":"ok"}"#, headers: Self.headers),
            Generic.posted(#"{"id":{},"status":"ok"}"#, headers: Self.headers),
            Generic.posted("id=1&status=ok", headers: Self.headers),
            Generic.form(
                "id=\(String(repeating: "a", count: Limits.providerIDBytes + 1))&status=ok", headers: Self.headers),
        ]
        for request in unreadable {
            #expect(await receiver.receive(request, now: 0).isUnreadable, "\(request)")
        }
        let longest = String(repeating: "a", count: Limits.providerIDBytes)
        #expect(await events(Generic.form("id=\(longest)&status=ok", headers: Self.headers)) != nil)
    }

    @Test func partsByTheirNumbers() async throws {
        let receiver = try receiver(
            "{" + Self.secret
                + #"""
                , "receipt": {"id": "param:id", "parent": "param:parent", "part": "param:part", "parts": "param:parts",
                  "status": "param:status", "statuses": {"ok": "delivered"}}}
                """#)
        func verdict(_ fields: String) async -> WebhookResult {
            await receiver.receive(Generic.form("status=ok&\(fields)", headers: Self.headers), now: 0)
        }
        func event(_ id: String, _ part: ReceiptPart? = nil, _ partID: String? = nil) -> [CarrierEvent] {
            [.receipt(CarrierReceipt(providerID: id, status: .delivered, part: part, partID: partID))]
        }
        #expect(await verdict("id=a").events == event("a"))
        #expect(await verdict("id=b&parent=a&part=2+of+3").events == event("a", .number(2, of: 3), "b"))
        #expect(await verdict("id=a&part=1/2").events == event("a", .number(1, of: 2)))
        #expect(await verdict("id=a&part=2&parts=2").events == event("a", .number(2, of: 2)))
        #expect(await verdict("id=a&part=255+of+255").events == event("a", .number(255, of: 255)))
        for part in ["2", "0+of+2", "3+of+2", "2+of+256", "two+of+three", "99999999999999999999+of+2"] {
            #expect(await verdict("id=a&part=\(part)").isUnreadable, "\(part)")
        }
        let longest = String(repeating: "a", count: Limits.providerIDBytes)
        #expect(await verdict("id=\(longest)&parent=a").events == event("a", nil, longest))
        #expect(await verdict("id=\(longest)b&parent=a").isUnreadable)
    }

    @Test func partsByTheirIDs() async throws {
        for (signature, providerID) in [(Self.secret, "b"), (#""signature": {"scheme": "none"}"#, nil)] {
            let receiver = try receiver(
                "{" + signature
                    + #"""
                    , "answer": [{"status": "200-299", "outcome": "accepted", "id": "/ids/*"}],
                    "receipt": {"token": "query:apus", "id": "param:id", "status": "param:status",
                      "statuses": {"ok": "delivered"}}}
                    """#)
            let request = Generic.form(
                "id=b&status=ok", query: "apus=\(Generic.token)", headers: Self.headers)
            #expect(
                await receiver.receive(request, now: 0).events == [
                    .receipt(
                        CarrierReceipt(
                            attempt: Self.attempt, providerID: providerID, status: .delivered, part: .id("b")))
                ])
        }
    }

    @Test func wrongWordsOnParts() throws {
        func faults(_ receipt: String, _ answer: String = #""id": "/id""#) throws -> [String] {
            try Generic.violations(
                "{" + Self.secret
                    + #"""
                    , "answer": [{"status": "200-299", "outcome": "accepted", \#(answer)}],
                    "receipt": {"status": "param:status", "statuses": {"ok": "delivered"}, "token": "query:apus"\#(receipt)}}
                    """#, secrets: ["s": "pw"]
            ).keys.sorted()
        }
        #expect(try faults(#", "parts": "param:n""#) == ["receipt.parts"])
        #expect(try faults(#", "parent": "param:p""#) == ["receipt.parent"])
        #expect(try faults("", #""id": "/ids/*""#) == ["receipt.id"])
        #expect(try faults(#", "part": "param:n""#, #""id": "/ids/*""#) == [])
        #expect(
            try faults("", #""parts": "/m", "id": "/id", "code": "/c", "codes": {"1": "route"}"#).contains {
                $0.hasSuffix("parts")
            })
    }

    private func inbound(_ fields: String, _ form: String) async throws -> InboundMessage? {
        let receiver = try receiver(
            "{" + Self.secret + #"""
                , "inbound": {"id": "param:id", "from": "param:from", "to": "param:to", "text": "param:text"
                """# + fields + "}}")
        let request = Generic.form("id=2&from=1&to=3&text=hello" + form, headers: Self.headers)
        guard case .inbound(let message)? = await receiver.receive(request, now: 0).events?.first else { return nil }
        return message
    }

    @Test func theCarriersWordOnAKeyword() async throws {
        let plain = #", "opt_out": "param:kind""#
        for (value, action) in [("STOP", OptOutAction.stop), ("start", .start), ("Help", .help)] {
            #expect(try await inbound(plain, "&kind=\(value)")?.action == action)
        }
        for other in ["&kind=OPTOUT", "&kind=", ""] { #expect(try await inbound(plain, other)?.action == nil) }
        let mapped = plain + #", "opt_outs": {"OptOut": "stop", "1": "start"}"#
        #expect(try await inbound(mapped, "&kind=OPTOUT")?.action == .stop)
        #expect(try await inbound(mapped, "&kind=1")?.action == .start)
        #expect(try await inbound(mapped, "&kind=STOP")?.action == nil)
    }

    @Test func linksAndParts() async throws {
        let fields = #"""
            , "media": ["param:m0", "param:m1"],
            "part": {"reference": "param:ref", "total": "param:of", "number": "param:no"}
            """#
        let message = try #require(await inbound(fields, "&m0=https%3A%2F%2Fa%2F1&m1=no&ref=7&of=2&no=1"))
        #expect(message.media == [InboundMedia(url: "https://a/1")])
        #expect(message.part == InboundPart(reference: "7", total: 2, number: 1))
        // What is no part of several is whole.
        for whole in ["", "&ref=7", "&ref=7&of=1&no=1", "&ref=7&of=2&no=3", "&ref=7&of=x&no=1"] {
            #expect(try await inbound(fields, whole)?.part == nil, "\(whole)")
        }
    }

    @Test(arguments: [
        (#""opt_outs": {"a": "stop"}"#, "opt_outs"), (#""opt_out": "x""#, "opt_out"),
        (#""opt_out": "param:a", "opt_outs": {"a": "end"}"#, "opt_outs.a"),
        (#""media": ["x"]"#, "media[0]"), (#""part": {"reference": "param:a"}"#, "part.total"),
    ])
    func fieldsAreChecked(_ fields: String, _ field: String) throws {
        let violations = try Generic.violations(
            "{" + Self.secret + #"""
                , "inbound": {"id": "param:id", "from": "param:from", "to": "param:to", "text": "param:text",
                """# + fields + "}}")
        #expect(violations.keys.contains("inbound.\(field)"), "\(violations)")
    }

    @Test func withoutASignatureOnlyTheTokenCounts() async throws {
        let receiver = try receiver(
            #"""
            {"signature": {"scheme": "none"}, "receipt": {"token": "query:apus", "id": "param:id",
              "status": "param:status", "statuses": {"ok": "delivered"}}}
            """#)
        func verdict(_ query: String) async -> WebhookResult {
            await receiver.receive(Generic.form("id=other&status=ok", query: query), now: 0)
        }
        #expect(
            await verdict("apus=\(Generic.token)").events
                == [.receipt(CarrierReceipt(attempt: Self.attempt, status: .delivered))])
        let last = Generic.token.hasSuffix("A") ? "B" : "A"
        for query in [
            "", "apus=", "apus=77-2-", "apus=\(Generic.token.dropLast())", "apus=\(Generic.token.dropLast())\(last)",
            "apus=\(Generic.token)&apus=\(Generic.token)", "apus=1\(Generic.token)",
        ] {
            #expect(await verdict(query).isRefused, "\(query)")
        }
    }

    @Test func withoutAWordOnReceiptsThereAreNone() throws {
        #expect(try Generic.kind().receiver == nil)
    }
}
