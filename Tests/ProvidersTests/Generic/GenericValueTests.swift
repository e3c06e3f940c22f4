internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Values that are more than texts: times, numbers, booleans, places in answers.
@Suite struct GenericValueTests {
    /// A message that is valid for this many milliseconds more.
    private func batch(valid milliseconds: Int64?, from: String = "Apus", encoding: Encoding = .gsm7) -> Submissions {
        var batch = Generic.batch(from: from, encoding: encoding)
        if let milliseconds { batch.items[0].expiresAt = Generic.now + milliseconds }
        batch.items[0].segments = 3
        let reference = Array("order \"7\"".utf8)
        batch.items[0].reference = ByteSlice(offset: UInt32(batch.bytes.count), count: UInt32(reference.count))
        batch.bytes += reference
        return batch
    }

    private func json(_ members: String, _ batch: Submissions) throws -> String {
        try Generic.request(#"{"request": {"form": null, "json": {\#(members)}}}"#, batch).text
    }

    @Test func whatIsKnownOfAMessage() throws {
        let hour = batch(valid: 3_600_000)
        #expect(
            try json(#""r": "{{reference}}", "n": "{{segments}}", "v": "{{validity}}", "e": "{{expiry}}""#, hour)
                == #"{"e":"2026-03-14T16:09:26Z","n":"3","r":"order \"7\"","v":"3600"}"#)
        // Never longer than the message is valid.
        for (milliseconds, seconds) in [(1999, 1), (2000, 2), (1, 1), (-5000, 1), (86_400_000, 86_400)]
            as [(Int64, Int)]
        {
            #expect(try json(#""v": "{{validity}}""#, batch(valid: milliseconds)) == #"{"v":"\#(seconds)"}"#)
        }
        // One that is valid for ever says nothing.
        #expect(try json(#""v?": "{{validity}}", "e?": "{{expiry}}", "n": 1"#, batch(valid: nil)) == #"{"n":1}"#)
    }

    @Test func timesHaveBounds() throws {
        func validity(_ milliseconds: Int64, _ filters: String) throws -> String {
            try json(#""v": "{{validity\#(filters)}}""#, batch(valid: milliseconds))
        }
        for (milliseconds, seconds) in [(59_000, 60), (60_000, 60), (61_000, 61), (119_000, 119), (121_000, 120)]
            as [(Int64, Int)]
        {
            #expect(try validity(milliseconds, "|min=60|max=120") == #"{"v":"\#(seconds)"}"#)
        }
        #expect(try validity(5000, "|max=3") == #"{"v":"3"}"#)
        #expect(
            try json(#""e": "{{ expiry | max=60 }}""#, batch(valid: 3_600_000)) == #"{"e":"2026-03-14T15:10:26Z"}"#)
        for wrong in ["|min=x", "|min=2|max=1", "|least=1", "|min", "|min=-1", "|"] {
            let found = try Generic.violations(#"{"request": {"form": {"v": "{{validity\#(wrong)}}"}}}"#)
            #expect(found["request.form.v"]?.contains("|min=SECONDS") ?? false, "\(wrong) \(found)")
        }
        #expect(
            try Generic.violations(#"{"request": {"form": {"v": "{{to|min=1}}"}}}"#).keys.sorted()
                == ["request.form.v"])
    }

    @Test func numbersAndBooleans() throws {
        let all = #"""
            "a": "{{segments|number}}", "b": "{{validity|max=60|number}}", "c": "{{to_digits|number}}",
            "d": "{{encoding|GSM7=false|UCS2=true|boolean}}", "e": "{{encoding|GSM7=0|UCS2=8|number}}",
            "f": "{{id|number}}", "g?": "{{validity|number}}"
            """#
        #expect(
            try json(all, batch(valid: nil, encoding: .ucs2)).replacing("\"b\":\"\",", with: "")
                == #"{"a":3,"c":447400123456,"d":true,"e":8,"f":77}"#)
        #expect(
            try json(all, batch(valid: 90_000))
                == #"{"a":3,"b":60,"c":447400123456,"d":false,"e":0,"f":77,"g":90}"#)
        // A sender that is a name, or has a zero before it, stays a string.
        for (sender, value) in [
            ("+4915", "4915"), ("Apus", "\"Apus\""), ("0815", "\"0815\""), ("", "\"\""), ("0", "0"),
        ] {
            #expect(try json(#""s": "{{from_digits|number}}""#, batch(valid: nil, from: sender)) == "{\"s\":\(value)}")
        }
        let option = #"{"variables": {"b": "true", "n": "-1.5"}, "request": {"form": null, "json": {"#
        #expect(
            try Generic.request(option + #""b": "{{option.b|boolean}}", "n": "{{option.n|number}}"}}}"#).text
                == #"{"b":true,"n":-1.5}"#)
    }

    @Test(arguments: [
        "{{text|number}}", "{{segments|boolean}}", "x{{segments|number}}", "{{segments|number}} ",
        "{{segments|number}}{{id}}", "{{encoding|GSM7=a|UCS2=1|number}}", "{{encoding|GSM7=0|UCS2=1|boolean}}",
        "{{option.n|boolean}}", "{{option.t|number}}", "{{segments|integer}}", "{{encoding|number}}",
    ])
    func whatIsNoNumber(_ hole: String) throws {
        let found = try Generic.violations(
            #"{"variables": {"n": "1", "t": "01"}, "request": {"form": null, "json": {"a": "\#(hole)"}}}"#)
        #expect(found.keys.sorted() == ["request.json.a"], "\(found)")
    }

    @Test func aNumberIsOnlyInJSON() throws {
        #expect(
            try Generic.violations(#"{"request": {"form": {"a": "{{segments|number}}"}}}"#)["request.form.a"]?.contains(
                "string of JSON") ?? false)
    }

    // MARK: Answers

    private func outcome(
        _ rule: String, _ status: Int, _ body: String, headers: [HTTPHeader] = []
    ) throws -> Outcome {
        try Generic.kind(#"{"answer": [\#(rule)]}"#).carrier.outcome(of: Generic.answer(status, body, headers: headers))
    }

    @Test func idsFromHeadersAndTexts() throws {
        let location = [HTTPHeader("location", "https://carrier.example/messages/m-1?x=/y#z")]
        let header = #"{"status": "201", "outcome": "accepted", "id": "header:Location"}"#
        #expect(
            try outcome(header, 201, "", headers: location)
                == .accepted(providerID: location[0].value, receipts: false))
        let segment = #"{"status": "201", "outcome": "accepted", "id": "segment:location"}"#
        #expect(try outcome(segment, 201, "", headers: location) == .accepted(providerID: "m-1", receipts: false))
        #expect(try outcome(segment, 201, "") == .unknown(code: "HTTP_201"))
        for (place, body, id) in [
            ("text:ID: *", "ID: abc123\r\nTo: 44", "abc123"), ("text:*", "  abc \n", "abc"),
            ("text:<id>*</id>", "<a><id>7</id><id>8</id></a>", "7"), ("text:*;", "m9;ok", "m9"),
        ] {
            #expect(
                try outcome(#"{"status": "200", "outcome": "accepted", "id": "\#(place)"}"#, 200, body)
                    == .accepted(providerID: id, receipts: false), "\(place)")
        }
        for (place, body) in [
            ("text:ID: *", "ERR: 1"), ("text:ID: *", "ID: \nx"), ("text:<id>*</id>", "<id>7"), ("text:*", ""),
        ] {
            #expect(
                try outcome(#"{"status": "200", "outcome": "accepted", "id": "\#(place)"}"#, 200, body)
                    == .unknown(code: "HTTP_200"), "\(place)")
        }
    }

    @Test func codesFromTexts() throws {
        let rules = #"""
            {"status": "200", "when": {"text:ID: *": true}, "outcome": "accepted", "id": "text:ID: *"},
            {"when": {"text:ERR: *,": true}, "code": "text:ERR: *,", "text": "text:*", "codes": {"105": "recipient"}}
            """#
        #expect(
            try outcome(rules, 200, "ERR: 105, Invalid number")
                == .rejected(.recipient, code: "105", message: "ERR: 105, Invalid number"))
        #expect(try outcome(rules, 200, "ERR: 999, ?") == .unknown(code: "999"))
        #expect(try outcome(rules, 200, "ID: 7") == .accepted(providerID: "7", receipts: false))
        #expect(try outcome(rules, 500, "<html>") == .unknown(code: "HTTP_500"))
    }

    @Test func theHeadersThatRulesReadAreKept() throws {
        let kind = try Generic.kind(
            #"""
            {"answer": [{"status": "201", "outcome": "accepted", "id": "segment:Location"},
              {"when": {"header:X-Code": "7"}, "code": "header:x-why", "outcome": "route"}]}
            """#)
        #expect(Set(kind.carrier.http.responseHeaders) == ["retry-after", "location", "x-code", "x-why"])
    }

    @Test func timesAsCarriersWriteThem() {
        let time: Int64 = 1_773_500_966_000
        for (text, shift) in [
            ("2026-03-14T15:09:26Z", 0), ("2026-03-14T15:09:26", 0), ("2026-03-14t15:09:26.5z", 500),
            ("2026-03-14T15:09:26.123456", 123), ("2026-03-14T16:09:26+01:00", 0),
            ("2026-03-14T16:09:26.000+0100", 0), ("2026-03-14T10:39:26-04:30", 0),
        ] as [(String, Int64)] {
            #expect(UTCDate.milliseconds(rfc3339: text) == time + shift, "\(text)")
        }
        for text in ["", "2026-03-14", "2026-13-14T15:09:26Z", "2026-03-14T25:09:26Z", "2026-03-14T15:09:26 Z", "x"] {
            #expect(UTCDate.milliseconds(rfc3339: text) == nil, "\(text)")
        }
        #expect(UTCDate.rfc3339(milliseconds: time + 999) == "2026-03-14T15:09:26Z")
        #expect(UTCDate.rfc3339(milliseconds: 0) == "1970-01-01T00:00:00Z")
        #expect(UTCDate.rfc3339(milliseconds: -1) == "1969-12-31T23:59:59Z")
    }
}
