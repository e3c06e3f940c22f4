internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Whatever is wrong with a description is named, at its place.
@Suite struct GenericOptionTests {
    /// A change to the least description, where it is wrong, and a word of why.
    static let mistakes: [(String, field: String, why: String)] = [
        (#"{"preset": "twilio"}"#, "preset", "vonage, plivo, messagebird"),
        (#"{"unknown": 1}"#, "unknown", "not known"),
        (#"{"request": null}"#, "request", "missing"),
        (#"{"answer": null}"#, "answer", "missing"),
        (#"{"answer": []}"#, "answer", "no rule for messages that were accepted"),
        (#"{"answer": {}}"#, "answer", "array"),
        (#"{"variables": {"a": []}}"#, "variables.a", "string"),
        (#"{"variables": []}"#, "variables", "object"),
        (#"{"sender": "12345678901234567"}"#, "sender", "1 to 16"),
        (#"{"http": {"connections": 0}}"#, "http.connections", "1 to 1024"),
        (#"{"http": {"connections": 1025}}"#, "http.connections", "1 to 1024"),
        (#"{"http": {"timeout_ms": 999}}"#, "http.timeout_ms", "1000 to 120000"),
        (#"{"http": {"timeout_ms": 120001}}"#, "http.timeout_ms", "1000 to 120000"),
        // The request.
        (#"{"request": {"method": "PUT"}}"#, "request.method", "GET, POST"),
        (#"{"request": {"method": "GET"}}"#, "request.form", "GET"),
        (#"{"request": {"url": null}}"#, "request.url", "missing"),
        (#"{"request": {"url": "carrier.example"}}"#, "request.url", "absolute"),
        (#"{"request": {"url": "ftp://carrier.example/"}}"#, "request.url", "absolute"),
        (#"{"request": {"url": "https:///x"}}"#, "request.url", "absolute"),
        (#"{"request": {"url": "https://u:p@carrier.example/"}}"#, "request.url", "user"),
        (#"{"request": {"url": "https://carrier.example/a b"}}"#, "request.url", "spaces"),
        (#"{"request": {"url": "https://carrier.example/#x"}}"#, "request.url", "fragment"),
        (#"{"request": {"url": "https://{{from}}/"}}"#, "request.url", "host"),
        (#"{"request": {"url": "https://carrier{{from}}/"}}"#, "request.url", "host"),
        (#"{"request": {"url": "{{from}}"}}"#, "request.url", "host"),
        (#"{"request": {"json": {}}}"#, "request.json", "one body"),
        (#"{"request": {"body": {"text": "x"}, "form": null}}"#, "request.body.content_type", "missing"),
        (#"{"request": {"body": {"content_type": "text/xml"}, "form": null}}"#, "request.body.text", "missing"),
        (#"{"request": {"form": {"a": "{{nothing}}"}}}"#, "request.form.a", "to_digits"),
        (#"{"request": {"form": {"a": "{{to"}}}"#, "request.form.a", "without a }}"),
        (#"{"request": {"form": {"a": "{{secret.k}}"}}}"#, "request.form.a", "the secret k"),
        (#"{"request": {"form": {"a": "{{option.k}}"}}}"#, "request.form.a", "the variable k"),
        (#"{"request": {"form": {"a": "{{signature}}"}}}"#, "request.form.a", "not known"),
        (#"{"request": {"form": {"a": "{{encoding|GSM7=a}}"}}}"#, "request.form.a", "choice"),
        (#"{"request": {"form": {"a": "{{encoding|UCS2=a|GSM7=b}}"}}}"#, "request.form.a", "choice"),
        (#"{"request": {"form": {"a": {}}}}"#, "request.form.a", "string"),
        (#"{"request": {"query": []}}"#, "request.query", "object"),
        (#"{"request": {"form": null, "json": {"a": [{"b": "{{x}}"}]}}}"#, "request.json.a[0].b", "not known"),
        (#"{"request": {"form": null, "json": {"a?": 1}}}"#, "request.json.a?", "must be a string"),
        (#"{"request": {"headers": {"a b": "x"}}}"#, "request.headers.a b", "no name"),
        (#"{"request": {"headers": {"Host": "x"}}}"#, "request.headers.Host", "no name"),
        (#"{"request": {"headers": {"A": "x\r\ny"}}}"#, "request.headers.A", "control characters"),
        (#"{"request": {"other": 1}}"#, "request.other", "not known"),
        // Credentials.
        (#"{"authentication": {}}"#, "authentication.scheme", "missing"),
        (#"{"authentication": {"scheme": "magic"}}"#, "authentication.scheme", "basic"),
        (#"{"authentication": {"scheme": "basic"}}"#, "authentication.user", "missing"),
        (#"{"authentication": {"scheme": "basic", "user": "a:b"}}"#, "authentication.user", "colon"),
        (#"{"authentication": {"scheme": "basic", "user": "{{to}}"}}"#, "authentication.user", "not known"),
        (#"{"authentication": {"scheme": "bearer"}}"#, "authentication.token", "missing"),
        (#"{"authentication": {"scheme": "bearer", "token": "a\nb"}}"#, "authentication.token", "control"),
        (#"{"authentication": {"scheme": "header", "value": ""}}"#, "authentication.value", "empty"),
        (#"{"authentication": {"scheme": "header", "name": "a:", "value": "x"}}"#, "authentication.name", "name"),
        (#"{"authentication": {"scheme": "hmac", "key": "k"}}"#, "authentication.header", "missing"),
        (
            #"{"authentication": {"scheme": "hmac", "key": "k", "header": "X", "value": "x"}}"#,
            "authentication.value", "{{signature}}"
        ),
        (
            #"{"authentication": {"scheme": "hmac", "key": "k", "header": "X", "hash": "md5"}}"#,
            "authentication.hash", "sha256"
        ),
        (
            #"{"authentication": {"scheme": "hmac", "key": "k", "header": "X", "signed": "{{to}}"}}"#,
            "authentication.signed", "body"
        ),
        (#"{"authentication": {"scheme": "jwt", "key": "k"}}"#, "authentication.algorithm", "HS256"),
        (
            #"{"authentication": {"scheme": "jwt", "algorithm": "RS256", "key": "k"}}"#, "authentication.key",
            "RSA"
        ),
        (
            #"{"authentication": {"scheme": "jwt", "algorithm": "HS256", "key": "k", "claims": {"exp": 1}}}"#,
            "authentication.claims", "without iat and exp"
        ),
        (
            #"{"authentication": {"scheme": "jwt", "algorithm": "HS256", "key": "k", "lifetime_seconds": 86401}}"#,
            "authentication.lifetime_seconds", "2 to 86400"
        ),
        // Answers.
        (answer(#"{"status": "600", "outcome": "unknown"}"#), "answer[1].status", "200 to 599"),
        (answer(#"{"status": "299-200", "outcome": "unknown"}"#), "answer[1].status", "200 to 599"),
        (answer(#"{"status": "", "outcome": "unknown"}"#), "answer[1].status", "200 to 599"),
        (answer(#"{"status": "200-201-202", "outcome": "unknown"}"#), "answer[1].status", "200 to 599"),
        (answer(#"{"when": {"code": 1}, "outcome": "unknown"}"#), "answer[1].when.code", "JSON pointer"),
        (answer(#"{"when": {"/code": {}}, "outcome": "unknown"}"#), "answer[1].when./code", "true for anything"),
        (answer(#"{"when": {"/code": []}, "outcome": "unknown"}"#), "answer[1].when./code", "true for anything"),
        (answer(#"{"when": []}"#), "answer[1].when", "object"),
        (answer(#"{"outcome": "retry"}"#), "answer[1].outcome", "throttled"),
        (answer("{}"), "answer[1].outcome", "missing"),
        (answer(#"{"outcome": "accepted"}"#), "answer[1].id", "missing"),
        (answer(#"{"outcome": "accepted", "id": "id"}"#), "answer[1].id", "JSON pointer"),
        (answer(#"{"codes": {"1": "route"}}"#), "answer[1].codes", "needs code"),
        (answer(#"{"code": "/c", "codes": {"1": "never"}}"#), "answer[1].codes.1", "one of"),
        (answer(#"{"code": "/c", "codes": []}"#), "answer[1].codes", "object"),
        // A status alone that leaves open whether the message was taken.
        (answer(#"{"outcome": "route"}"#), "answer[1].outcome", "surely not taken"),
        (answer(#"{"status": "500", "outcome": "unavailable"}"#), "answer[1].outcome", "surely not taken"),
        (answer(#"{"status": "200", "outcome": "throttled"}"#), "answer[1].outcome", "surely not taken"),
        (answer(#"{"status": "400-408", "outcome": "account"}"#), "answer[1].outcome", "surely not taken"),
        // Any page of a proxy has a text and headers.
        (answer(#"{"status": "500", "when": {"text:*": true}, "outcome": "route"}"#), "answer[1].outcome", "surely"),
        (
            answer(#"{"status": "500", "when": {"header:Via": true}, "outcome": "route"}"#), "answer[1].outcome",
            "surely"
        ),
        (answer(#"{"outcome": "accepted", "id": "header:"}"#), "answer[1].id", "header:NAME"),
        (answer(#"{"outcome": "accepted", "id": "text:ID"}"#), "answer[1].id", "text:BEFORE*AFTER"),
        (answer(#"{"outcome": "accepted", "id": "text:a*b*c"}"#), "answer[1].id", "text:BEFORE*AFTER"),
        // Questions.
        (#"{"look_up": {}}"#, "look_up.message", "missing"),
        (#"{"look_up": {"message": {"id": "/id", "token": "/t"}}}"#, "look_up.message.request", "missing"),
        (lookUp(#""token": "/t""#), "look_up.message.id", "missing"),
        (lookUp(#""id": "/id""#), "look_up.message.token", "missing"),
        (lookUp(#""id": "/id", "to": "/to""#), "look_up.message.token", "missing"),
        (lookUp(#""id": "/id", "token": "/t", "to": "/to""#), "look_up.message.to", "decides alone"),
        (lookUp(#""id": "/id", "token": "/t", "status": "/s""#), "look_up.statuses", "missing"),
        (lookUp(#""id": "/id", "token": "/t", "items": "x""#), "look_up.message.items", "JSON pointer"),
        (
            #"{"look_up": {"status": {"request": {"url": "https://a.example/{{to}}"}, "status": "/s"}}}"#,
            "look_up.status.request.url", "provider_id"
        ),
        (#"{"test": {"when": {"/a": true}}}"#, "test.request", "missing"),
        (#"{"test": {"request": {"url": "https://a.example/"}}}"#, "test.when", "missing"),
        (#"{"test": {"request": {"url": "https://a.example/"}, "when": {"text:*": true}}}"#, "test.when", "proxy"),
        // Access tokens.
        (#"{"authentication": {"scheme": "oauth2"}}"#, "authentication.client_id", "missing"),
        (oauth(#""url": "tokens.example""#), "authentication.url", "absolute"),
        (oauth(#""url": "https://a.example/", "client_id": "a:b""#), "authentication.client_id", "colon"),
        (oauth(#""url": "https://a.example/", "credentials": "body""#), "authentication.credentials", "basic, form"),
        // Webhooks.
        (#"{"items": "/a"}"#, "items", "without receipt"),
        (#"{"ignore": []}"#, "ignore", "without receipt"),
        (#"{"signature": {"scheme": "none"}}"#, "signature", "without receipt"),
        (#"{"receipt": {"id": "param:i", "status": "param:s", "statuses": {}}}"#, "signature", "missing"),
        (receipt("none", ""), "receipt.token", "missing"),
        (receipt("none", "", inbound: true), "inbound", "anybody"),
        (receipt("magic", ""), "signature.scheme", "plivo-v3"),
        (receipt("basic", ""), "signature.user", "missing"),
        (receipt("header", #", "value": "s""#), "signature.name", "missing"),
        (receipt("header", #", "name": "X""#), "signature.value", "missing"),
        (receipt("hmac", #", "header": "X""#), "signature.key", "missing"),
        (receipt("hmac", #", "key": "k""#), "signature.header", "missing"),
        (receipt("hmac", #", "key": "k", "header": "X", "signed": "{{url}}""#), "signature.signed", "{{body}}"),
        (
            receipt("hmac", #", "key": "k", "header": "X", "timestamp_header": "T""#), "signature.timestamp_header",
            "belong together"
        ),
        (
            receipt("hmac", #", "key": "k", "header": "X", "signed": "{{timestamp}}{{body}}""#),
            "signature.timestamp_header", "belong together"
        ),
        (receipt("vonage-sig", #", "key": "k""#), "signature.method", "md5hash"),
        (
            receipt("hmac", #", "key": "k", "header": "X", "signed": "{{nonce}}{{body}}""#),
            "signature.nonce_header", "belong together"
        ),
        (
            receipt("hmac", #", "key": "k", "header": "X", "nonce_header": "N""#), "signature.nonce_header",
            "belong together"
        ),
        (receipt("hmac", #", "key": "k!", "key_form": "base64", "header": "X""#), "signature.key", "base64"),
        (receipt("hmac", #", "key": "0g", "key_form": "hex", "header": "X""#), "signature.key", "hex"),
        (receipt("hmac", #", "key": "k", "key_form": "pem", "header": "X""#), "signature.key_form", "text, base64"),
        (receipt("ed25519", #", "header": "X""#), "signature.key", "missing"),
        (receipt("ed25519", #", "key": "AAAA", "header": "X""#), "signature.key", "32 bytes"),
        (receipt("standard-webhooks", ""), "signature.key", "missing"),
        (receipt("standard-webhooks", #", "key": "whsec_AAAA""#), "signature.key", "24 to 64 bytes"),
        (receipt("plivo-v3", ""), "signature.key", "missing"),
        (receipt("messagebird-jwt", ""), "signature.key", "missing"),
        (
            receipt("jwt", #", "key": "k", "tolerance_seconds": 0"#), "signature.tolerance_seconds", "1 to 2592000"
        ),
        (
            receipt("jwt", #", "key": "k", "tolerance_seconds": 2592001"#), "signature.tolerance_seconds",
            "1 to 2592000"
        ),
        // Fields that are not signed.
        (receipt("jwt", #", "key": "k""#, id: "query:id"), "receipt.id", "signature doesn't reach"),
        (receipt("plivo-v3", #", "key": "k""#, id: "/id"), "receipt.id", "signature doesn't reach"),
        (
            receipt("vonage-sig", #", "key": "k", "method": "md5""#, id: "query:id"), "receipt.id",
            "signature doesn't reach"
        ),
        (receipt("plivo-v3", #", "key": "k""#, id: "header:id"), "receipt.id", "JSON pointer"),
        (
            #"{"signature": {"scheme": "plivo-v3", "key": "k"}, "receipt": {"id": "param:i"}}"#, "receipt.status",
            "missing"
        ),
        (
            #"{"signature": {"scheme": "plivo-v3", "key": "k"}, "receipt": {"id": "param:i", "status": "param:s"}}"#,
            "receipt.statuses", "missing"
        ),
        (
            #"{"signature": {"scheme": "plivo-v3", "key": "k"}, "receipt": {"status": "param:s", "statuses": {}}}"#,
            "receipt.id", "missing"
        ),
        (
            #"""
            {"signature": {"scheme": "plivo-v3", "key": "k"},
             "receipt": {"id": "param:i", "status": "param:s", "statuses": {"a": "gone"}}}
            """#, "receipt.statuses.a", "delivered"
        ),
        (
            #"{"signature": {"scheme": "plivo-v3", "key": "k"}, "inbound": {"id": "param:i", "from": "param:f"}}"#,
            "inbound.to", "missing"
        ),
    ]

    private static func answer(_ rule: String) -> String {
        #"{"answer": [{"status": "200", "outcome": "accepted", "id": "/id"}, "# + rule + "]}"
    }

    private static func receipt(
        _ scheme: String, _ more: String, id: String = "param:id", inbound: Bool = false
    ) -> String {
        let fields = #"{"id": "param:i", "from": "param:f", "to": "param:t", "text": "param:x"}"#
        return #"{"signature": {"scheme": "\#(scheme)"\#(more)}, "#
            + #""receipt": {"id": "\#(id)", "status": "param:s", "statuses": {"a": "delivered"}}"#
            + (inbound ? ", \"inbound\": \(fields)}" : "}")
    }

    private static func lookUp(_ message: String) -> String {
        #"{"look_up": {"message": {"request": {"url": "https://a.example/"}, "# + message + "}}}"
    }

    private static func oauth(_ members: String) -> String {
        let usual = [("client_id", "c"), ("client_secret", "s")].filter { !members.contains($0.0) }
            .map { ", \"\($0.0)\": \"\($0.1)\"" }.joined()
        return #"{"authentication": {"scheme": "oauth2", "# + members + usual + "}}"
    }

    @Test(arguments: mistakes.indices) func areNamed(_ place: Int) throws {
        let (change, field, why) = Self.mistakes[place]
        let found = try Generic.violations(change)
        #expect(found[field]?.contains(why) ?? false, "\(change): \(found)")
    }

    @Test func severalAtOnce() throws {
        let found = try Generic.violations(
            #"{"request": {"url": "x", "form": {"a": "{{x}}"}}, "answer": [{"outcome": "route"}], "sender": ""}"#)
        #expect(found.keys.sorted() == ["answer[0].outcome", "request.form.a", "request.url", "sender"])
        #expect(try Generic.violations("[]", isWhole: true).count == 1)
        #expect(try Generic.violations("{}", isWhole: true).keys.sorted() == ["answer", "request"])
    }

    @Test func limitsAreMet() throws {
        func fields(_ count: Int) -> String {
            let members = (0..<count).map { "\"f\($0)\": \"x\"" }.joined(separator: ",")
            return "{\"request\": {\"form\": null, \"query\": {\(members)}}}"
        }
        #expect(try Generic.violations(fields(Limits.httpTemplateFields)).isEmpty)
        #expect(
            try Generic.violations(fields(Limits.httpTemplateFields + 1)).keys.sorted() == ["request.query"])
        func rules(_ count: Int) -> String {
            let rule = #"{"status": "200", "outcome": "accepted", "id": "/id"}"#
            return "{\"answer\": [\(Array(repeating: rule, count: count).joined(separator: ","))]}"
        }
        #expect(try Generic.violations(rules(Limits.httpAnswerRules)).isEmpty)
        #expect(try Generic.violations(rules(Limits.httpAnswerRules + 1)).keys.sorted() == ["answer"])
        func conditions(_ count: Int) -> String {
            Self.answer(
                "{\"outcome\": \"unknown\", \"when\": {\((0..<count).map { "\"/\($0)\": 1" }.joined(separator: ","))}}")
        }
        #expect(try Generic.violations(conditions(Limits.httpAnswerConditions)).isEmpty)
        #expect(
            try Generic.violations(conditions(Limits.httpAnswerConditions + 1)).keys.sorted() == ["answer[1].when"])
        func codes(_ count: Int) -> String {
            let members = (0..<count).map { "\"\($0)\": \"route\"" }.joined(separator: ",")
            return Self.answer("{\"code\": \"/c\", \"codes\": {\(members)}}")
        }
        #expect(try Generic.violations(codes(Limits.httpAnswerCodes)).isEmpty)
        #expect(try Generic.violations(codes(Limits.httpAnswerCodes + 1)).keys.sorted() == ["answer[1].codes"])
        func statuses(_ count: Int) -> String {
            let members = (0..<count).map { "\"\($0)\": \"delivered\"" }.joined(separator: ",")
            return #"{"signature": {"scheme": "plivo-v3", "key": "k"}, "receipt": {"id": "param:i", "#
                + "\"status\": \"param:s\", \"statuses\": {\(members)}}}"
        }
        #expect(try Generic.violations(statuses(Limits.httpReceiptStatuses)).isEmpty)
        #expect(
            try Generic.violations(statuses(Limits.httpReceiptStatuses + 1)).keys.sorted() == ["receipt.statuses"])
        func proxy(_ bytes: Int) -> String {
            "{\"http\": {\"proxy\": \"\(String(repeating: "p", count: bytes))\"}}"
        }
        #expect(try Generic.violations(proxy(Limits.httpURLBytes)).isEmpty)
        #expect(try Generic.violations(proxy(Limits.httpURLBytes + 1)).keys.sorted() == ["http.proxy"])
        let sane = #"{"http": {"connections": 1024, "timeout_ms": 120000}, "sender": "+123456789012345"}"#
        #expect(try Generic.kind(sane).carrier.http.connections == 1024)
        #expect(try Generic.kind(sane).carrier.http.timeout == 120_000)
    }

    @Test func oneDescriptionIsLaidOverAnother() throws {
        func overlaid(_ one: String, _ other: String) throws -> String {
            try JSONValue(one).overlaid(by: JSONValue(other)).text
        }
        #expect(try overlaid(#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":3}}"#) == #"{"a":{"b":3,"c":2}}"#)
        #expect(try overlaid(#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":null}}"#) == #"{"a":{"c":2}}"#)
        #expect(try overlaid(#"{"a":[1,2]}"#, #"{"a":[3]}"#) == #"{"a":[3]}"#)
        #expect(
            try overlaid(#"{"s":{"scheme":"a","k":1}}"#, #"{"s":{"scheme":"b"}}"#) == #"{"s":{"scheme":"b"}}"#)
        #expect(
            try overlaid(#"{"s":{"scheme":"a","k":1}}"#, #"{"s":{"k":2}}"#) == #"{"s":{"k":2,"scheme":"a"}}"#)
    }
}
