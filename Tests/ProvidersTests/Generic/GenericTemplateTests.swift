internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct GenericTemplateTests {
    static let hostile = [
        "plain", "", "a\"b\\c/d", "x\u{0}\u{1}\u{1F}\u{7F}\r\n\ty", "&=?#%+ ;", "{{text}}{{secret.a}}", "é€😀 👨‍👩‍👧",
        "<a href='x'>&amp;]]></a>", "\u{2028}\u{2029}", "\",\"to\":\"+1", "\r\nX-Forged: 1",
    ]

    private func render(_ text: String, _ value: String, _ escape: TemplateEscape) throws -> String {
        let batch = Generic.batch(value)
        let common = MessageValues.Common(
            receiptKey: Generic.receiptKey, webhook: Generic.webhook, webhookWithPassword: Generic.webhook, sender: [])
        return try Template(text, escape: escape, in: TemplateScope()).text(
            MessageValues(item: batch.items[0], batch: batch, common: common, now: Generic.now))
    }

    @Test(arguments: hostile) func aFormSaysTheSame(_ text: String) throws {
        let request = try Generic.request(
            #"{"request": {"form": {"a&=b": "<{{text}}>", "z": "1 & 2"}}}"#, Generic.batch(text))
        let form = try #require(FormFields(decoding: request.body))
        #expect(form.fields == [.init("a&=b", "<\(text)>"), .init("to", "+447400123456"), .init("z", "1 & 2")])
        #expect(request.header("Content-Type") == ["application/x-www-form-urlencoded"])
    }

    @Test(arguments: hostile) func aQueryAndAPathSayTheSame(_ text: String) throws {
        let request = try Generic.request(
            #"""
            {"request": {"method": "GET", "form": null, "url": "https://carrier.example/s/{{text}}/x?k=1",
              "query": {"text": "{{text}}"}}}
            """#, Generic.batch(text))
        let parts = request.url.split(separator: "?", maxSplits: 1)
        #expect(request.url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        let path = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        #expect(path.count == 6 && path[2] == "carrier.example" && path[5] == "x")
        #expect(FormFields(decoding: "p=\(path[4])".utf8)?.only("p") == text)
        let query = try #require(FormFields(decoding: parts[1].utf8))
        #expect(query.fields == [.init("k", "1"), .init("text", text)])
        #expect(request.method == .get && request.body.isEmpty)
    }

    @Test(arguments: hostile) func jsonSaysTheSame(_ text: String) throws {
        let request = try Generic.request(
            #"""
            {"request": {"form": null, "json": {"messages": [{"text": "“{{text}}”\n\"", "n": 1.5, "b": [true, null]}]}}}
            """#, Generic.batch(text))
        #expect(
            try JSONValue(request.body)
                == .object([
                    "messages": .array([
                        .object([
                            "text": .string("“\(text)”\n\""), "n": .real(1.5), "b": .array([.bool(true), .null]),
                        ])
                    ])
                ]))
        #expect(request.header("Content-Type") == ["application/json"])
    }

    @Test(arguments: hostile) func textsOfATypeAreEscapedForIt(_ text: String) throws {
        func body(_ type: String, _ template: String) throws -> HTTPRequest {
            var options = "{\"request\": {\"form\": null, \"body\": {\"content_type\": "
            JSONValue.appendQuoted(type, to: &options)
            options += ", \"text\": "
            JSONValue.appendQuoted(template, to: &options)
            return try Generic.request(options + "}}}", Generic.batch(text))
        }
        let json = try body("application/json; charset=utf-8", #"{"t":"{{text}}"}"#)
        #expect(try JSONValue(json.body)["t"] == .string(text))
        #expect(json.header("Content-Type") == ["application/json; charset=utf-8"])
        let form = try body("application/x-www-form-urlencoded", "a=1&t={{text}}")
        #expect(FormFields(decoding: form.body)?.fields == [.init("a", "1"), .init("t", text)])
        let xml = try body("text/xml", "<m><t>{{text}}</t></m>")
        // What XML can't hold is replaced.
        let wanted = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 && ![9, 10, 13].contains(scalar.value) ? "\u{FFFD}" : scalar
                }))
        #expect(XMLTexts(xml.body)?["m/t"] == wanted)
        #expect(try body("text/plain", "{{text}}").text == text)
    }

    @Test(arguments: hostile) func aHeaderStaysOne(_ text: String) throws {
        let request = try Generic.request(#"{"request": {"headers": {"X-Text": "{{text}}"}}}"#, Generic.batch(text))
        // An empty one can't be sent.
        #expect(request.header("X-Text").count == (text.isEmpty ? 0 : 1))
        for value in request.header("X-Text") {
            #expect(value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            // Nothing is lost by it.
            let plus = value.replacing("+", with: "%2B").replacing("&", with: "%26")
            #expect(FormFields(decoding: "v=\(plus)".utf8)?.only("v") == text)
        }
        #expect(try render("{{text}}", "a b%é\r\n", .header) == "a%20b%25%C3%A9%0D%0A")
    }

    @Test func everyVariable() throws {
        let request = try Generic.request(
            #"""
            {"variables": {"account": "a/c"}, "request": {"url": "https://carrier.example/{{option.account}}/x",
              "form": {"to": "{{ to }}", "to_digits": "{{to_digits}}", "from": "{{from}}",
              "from_digits": "{{from_digits}}", "text": "{{text}}", "id": "{{id}}", "attempt": "{{attempt}}",
              "token": "{{token}}", "callback": "{{callback}}", "webhook": "{{webhook}}", "encoding": "{{encoding}}",
              "type": "{{encoding|GSM7=a b|UCS2=unicode}}", "secret": "{{secret.s}}"}}}
            """#, Generic.batch(from: "+4915", "t"), secrets: ["s": "p&q"])
        #expect(request.url == "https://carrier.example/a%2Fc/x")
        #expect(request.id == HTTPRequestID(number: 77, attempt: 2))
        let form = try #require(FormFields(decoding: request.body))
        let wanted = [
            "to": "+447400123456", "to_digits": "447400123456", "from": "+4915", "from_digits": "4915", "text": "t",
            "id": "77", "attempt": "2", "token": Generic.token, "webhook": Generic.webhook, "encoding": "GSM7",
            "callback": "\(Generic.webhook)?apus=\(Generic.token)", "type": "ab", "secret": "p&q",
        ]
        for (name, value) in wanted { #expect(form.only(name) == value, "\(name)") }
        #expect(form.fields.count == wanted.count)
    }

    @Test func theAlphabetChooses() throws {
        let text = #"{"request": {"form": {"type?": "{{encoding|GSM7=|UCS2=unicode}}"}}}"#
        #expect(try Generic.request(text).text == "to=%2B447400123456")
        #expect(
            try Generic.request(text, Generic.batch("ж", encoding: .ucs2)).text
                == "to=%2B447400123456&type=unicode")
    }

    @Test func whatIsEmptyIsLeftOut() throws {
        let form = #"{"request": {"form": {"a?": "{{from}}", "b": "{{from}}", "to": null, "z?": "{{from}}"}}}"#
        #expect(try Generic.request(form, Generic.batch(from: "")).text == "b=")
        #expect(try Generic.request(form).text == "a=Apus&b=Apus&z=Apus")
        let json = #"{"request": {"form": null, "json": {"a?": "{{from}}", "b": "{{from}}", "c?": "{{from}}"}}}"#
        #expect(try Generic.request(json, Generic.batch(from: "")).text == #"{"b":""}"#)
        #expect(try Generic.request(json).text == #"{"a":"Apus","b":"Apus","c":"Apus"}"#)
        // A message without a sender takes the provider's.
        let sender = #"{"sender": "+4915", "request": {"form": {"a?": "{{from_digits}}", "to": null}}}"#
        #expect(try Generic.request(sender, Generic.batch(from: "")).text == "a=4915")
        #expect(try Generic.request(sender).text == "a=Apus")
        // Without a public URL there is nowhere to call back.
        let callback = #"{"request": {"form": {"c?": "{{callback}}", "w?": "{{webhook}}", "to": null}}}"#
        #expect(try Generic.request(callback, publicURL: nil).text == "")
    }
}
