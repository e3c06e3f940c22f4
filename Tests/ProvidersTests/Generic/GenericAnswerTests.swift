internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct GenericAnswerTests {
    private static let rules = #"""
        {"answer": [
          {"status": "200,202", "when": {"/ok": [true, "yes"]}, "outcome": "accepted", "id": "/m/0/id"},
          {"status": "400-499", "when": {"/code": true}, "code": "/code", "text": "/why", "outcome": "route",
           "codes": {"1": "recipient", "2": "content", "3": "sender", "4": "throttled", "5": "unavailable",
                     "6": "account", "7": "unknown", "8": "accepted", "10": "throttled_sender", "11": "throttled_account"},
           "id": "/id"},
          {"status": "403", "outcome": "account"},
          {"status": "500-599", "when": {"/taken": "no"}, "outcome": "unavailable", "code": "/code"}
        ], "signature": {"scheme": "none"}, "receipt": {"token": "query:apus", "status": "param:s", "statuses": {}}}
        """#

    private func outcome(_ status: Int, _ body: String, publicURL: String? = Generic.webhook) throws -> Outcome {
        try Generic.kind(Self.rules, publicURL: publicURL).carrier.outcome(of: Generic.answer(status, body))
    }

    @Test func theFirstRuleThatMatchesDecides() throws {
        #expect(
            try outcome(200, #"{"ok":true,"m":[{"id":12}]}"#) == .accepted(providerID: "12", receipts: true))
        #expect(
            try outcome(202, #"{"ok":"yes","m":[{"id":"a"}]}"#, publicURL: nil)
                == .accepted(providerID: "a", receipts: false))
        let refusals: [(Int, Outcome)] = [
            (1, .rejected(.recipient, code: "1", message: "w")), (2, .rejected(.content, code: "2", message: "w")),
            (3, .rejected(.sender, code: "3", message: "w")), (4, .throttled(retryAfterMilliseconds: nil)),
            (5, .unavailable(code: "5")), (6, .unavailable(code: "6")), (7, .unknown(code: "7")),
            (8, .accepted(providerID: "i", receipts: true)), (9, .rejected(.route, code: "9", message: "w")),
            (10, .throttled(retryAfterMilliseconds: nil, scope: .sender)),
            (11, .throttled(retryAfterMilliseconds: nil, scope: .account)),
        ]
        for (code, wanted) in refusals {
            #expect(try outcome(422, #"{"code":\#(code),"why":"w","id":"i"}"#) == wanted, "\(code)")
        }
        #expect(try outcome(403, "<html>") == .unavailable(code: "HTTP_403"))
        #expect(try outcome(503, #"{"taken":"no","code":"down"}"#) == .unavailable(code: "down"))
    }

    @Test func whatNoRuleKnowsIsUnknown() throws {
        let unknown: [(Int, String)] = [
            (200, ""), (200, "OK 12"), (200, #"{"ok":false,"m":[{"id":"a"}]}"#), (201, #"{"ok":true,"m":[{"id":1}]}"#),
            // Accepted, but under which id?
            (200, #"{"ok":true}"#), (200, #"{"ok":true,"m":[{"id":""}]}"#), (200, #"{"ok":true,"m":[{"id":null}]}"#),
            (200, #"{"ok":true,"m":[{"id":{}}]}"#), (200, #"{"ok":true,"m":[{"id":"a"}]"#),
            (200, #"{"ok":true,"ok":true,"m":[{"id":"a"}]}"#),
            (302, ""), (400, ""), (400, "<html>"), (408, ""), (500, ""), (502, "<html>"),
            (503, #"{"taken":"yes"}"#), (503, #"{"code":5}"#), (504, ""),
        ]
        for (status, body) in unknown {
            #expect(try outcome(status, body) == .unknown(code: "HTTP_\(status)"), "\(status) \(body)")
        }
        #expect(try outcome(429, "<html>") == .throttled(retryAfterMilliseconds: nil))
        let carrier = try Generic.kind(Self.rules).carrier
        #expect(
            carrier.outcome(of: Generic.answer(429, "", headers: [HTTPHeader("retry-after", "7")]))
                == .throttled(retryAfterMilliseconds: 7000))
        // The bound of an id, met and passed.
        let longest = String(repeating: "a", count: Limits.providerIDBytes)
        #expect(
            try outcome(200, #"{"ok":true,"m":[{"id":"\#(longest)"}]}"#)
                == .accepted(providerID: longest, receipts: true))
        #expect(try outcome(200, #"{"ok":true,"m":[{"id":"\#(longest)a"}]}"#) == .unknown(code: "HTTP_200"))
        // An answer that was too long to read says nothing.
        var cut = HTTPResponse(status: 200, body: Array(#"{"ok":true,"m":[{"id":"a"}]}"#.utf8))
        cut.isBodyCut = true
        #expect(carrier.outcome(of: .answered(cut)) == .unknown(code: "HTTP_200"))
        #expect(carrier.outcome(of: .unknown(HTTPFailure(.timedOut))) == .unknown(code: "TIMED_OUT"))
        #expect(carrier.outcome(of: .notSent(HTTPFailure(.notConnected))) == .unavailable(code: "NOT_CONNECTED"))
        #expect(carrier.outcome(of: .notSent(HTTPFailure(.canceled))) == .returned)
    }

    // MARK: Parts

    private func parts(_ rule: String, _ body: String, status: Int = 200) throws -> Outcome {
        try Generic.kind(#"{"answer": [{"status": "200-299", "outcome": "accepted", \#(rule)}]}"#).carrier
            .outcome(of: Generic.answer(status, body))
    }

    @Test func anIDForEachPart() throws {
        let list = #""id": "/ids/*""#
        #expect(
            try parts(list, #"{"ids":["a","b",3]}"#)
                == .accepted(
                    providerID: "a", receipts: false, parts: AcceptedParts(furtherIDs: ["b", "3"])))
        // The same for all is one for the message.
        #expect(try parts(list, #"{"ids":["a","a"]}"#) == .accepted(providerID: "a", receipts: false))
        for body in [#"{"ids":[]}"#, #"{"ids":["a",""]}"#, #"{"ids":["a",null]}"#, #"{"ids":"a"}"#] {
            #expect(try parts(list, body) == .unknown(code: "HTTP_200"), "\(body)")
        }
        func many(_ count: Int) throws -> Outcome {
            try parts(list, #"{"ids":[\#((1...count).map { "\"p\($0)\"" }.joined(separator: ","))]}"#)
        }
        #expect(try many(Limits.segments) != .unknown(code: "HTTP_200"))
        #expect(try many(Limits.segments + 1) == .unknown(code: "HTTP_200"))
    }

    @Test func aStatusForEachPart() throws {
        func outcome(_ parts: (id: String?, status: Int)...) throws -> Outcome {
            let list = parts.map { part in
                #"{"status":\#(part.status)\#(part.id.map { #","id":"\#($0)""# } ?? "")}"#
            }
            let rule = #""parts": "/parts", "when": {"/status": "0"}, "id": "/id", "code": "/status""#
            return try self.parts(rule, #"{"parts":[\#(list.joined(separator: ","))]}"#)
        }
        func accepted(_ ids: String..., refusal: String? = nil) -> Outcome {
            .accepted(
                providerID: ids[0], receipts: false,
                parts: ids.count > 1 || refusal != nil
                    ? AcceptedParts(furtherIDs: Array(ids.dropFirst()), refusal: refusal) : nil)
        }
        #expect(try outcome(("a", 0)) == accepted("a"))
        #expect(try outcome(("a", 0), ("b", 0), ("c", 0)) == accepted("a", "b", "c"))
        #expect(try outcome(("a", 0), (nil, 9), ("c", 0)) == accepted("a", "c", refusal: "9"))
        #expect(try outcome((nil, 9), ("b", 0)) == accepted("b", refusal: "9"))
        // None of it was taken: the next rule decides.
        #expect(try outcome((nil, 9), (nil, 9)) == .unknown(code: "HTTP_200"))
        #expect(try outcome() == .unknown(code: "HTTP_200"))
        // It was taken, but under which id?
        #expect(try outcome(("a", 0), (nil, 0)) == .unknown(code: "HTTP_200"))
    }

    @Test func whatACarrierSaysIsCut() throws {
        let long = String(repeating: "x", count: Limits.providerMessageCharacters + 1)
        let found = try outcome(400, #"{"code":"\#(long)","why":"\#(long)"}"#)
        let cut = String(long.dropLast())
        #expect(found == .rejected(.route, code: cut, message: cut))
    }

    @Test func everyPartHasToSayTheSame() throws {
        let carrier = try Generic.kind(
            #"""
            {"answer": [
              {"when": {"/m/*/s": "0"}, "outcome": "accepted", "id": "/m/0/id"},
              {"when": {"/m/*/s": true}, "code": "/m/*/s", "codes": {"1": "throttled"}}
            ]}
            """#
        ).carrier
        func outcome(_ statuses: Int...) -> Outcome {
            let parts = statuses.map { #"{"s":"\#($0)","id":"i\#($0)"}"# }.joined(separator: ",")
            return carrier.outcome(of: Generic.answer(200, "{\"m\":[\(parts)]}"))
        }
        #expect(outcome(0, 0) == .accepted(providerID: "i0", receipts: false))
        #expect(outcome(1, 1) == .throttled(retryAfterMilliseconds: nil))
        // Half of it was taken: not to be sent again.
        #expect(outcome(0, 1) == .unknown(code: "HTTP_200"))
        #expect(outcome(1, 0) == .unknown(code: "HTTP_200"))
        #expect(outcome() == .unknown(code: "HTTP_200"))
    }
}
