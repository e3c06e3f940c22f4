internal import GatewayTestKit
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct TwilioCallbackTests {
    private static let token = String(repeating: "a1b2c3d4", count: 4)
    private static let url = "https://gw.example.org/v1/callbacks/twilio?tenant=t%20x&b=1"
    private static let delivered = fields([
        ("AccountSid", "AC0123456789abcdef0123456789abcdef"), ("ApiVersion", "2010-04-01"), ("From", "+15017122661"),
        ("MessageSid", "SM0123456789abcdef0123456789abcdef"), ("MessageStatus", "delivered"),
        ("SmsSid", "SM0123456789abcdef0123456789abcdef"), ("SmsStatus", "delivered"), ("To", "+14155550100"),
    ])
    private static let json = Array(#"{"hello":"wörld"}"#.utf8)
    private static let jsonURL =
        "https://gw.example.org/cb?bodySHA256=15fe936d5a5c4a564c8dc9002280009263c0cc0bd0f28e16652529a9f83b2d23"

    private static func fields(_ pairs: [(String, String)]) -> FormFields {
        FormFields(pairs.map { FormFields.Field($0.0, $0.1) })
    }

    struct Vector: Sendable {
        var token = TwilioCallbackTests.token
        var url: String
        var content: TwilioCallback.Content
        var signature: String
        var settings: String?

        func callback(_ change: (inout TwilioCallback) -> Void = { _ in }) -> TwilioCallback {
            var callback = TwilioCallback(
                url: url, content: content, signature: signature, signatureSettings: settings)
            change(&callback)
            return callback
        }
    }

    static let undelivered: FormFields = {
        var form = delivered
        for index in form.fields.indices where form.fields[index].name.text.hasSuffix("Status") {
            form.fields[index].value = "undelivered"
        }
        form.fields += [.init("ErrorCode", "30003"), .init("NewField", "é +&=%")]
        return form
    }()

    /// Made by twilio-python 9.13.0.
    static let vectors = [
        Vector(
            token: "12345", url: "https://mycompany.com/myapp.php?foo=1&bar=2",
            content: .form(
                fields([
                    ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"),
                    ("From", "+14158675309"), ("To", "+18005551212"),
                ])), signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        Vector(url: url, content: .form(delivered), signature: "qVlO3o3gajQkUN9IKqTS72bqA4Q="),
        Vector(
            url: url, content: .form(delivered), signature: "K734LGiJPFNWhspPW3EggIrSV9ljliCjclHbYeRHliE=",
            settings: "key=SK1,algorithm=HMAC_SHA256"),
        Vector(url: url, content: .form(undelivered), signature: "j1htsDczzw9wEaFXJZFamOUaQl4="),
        Vector(
            url: "https://gw.example.org/cb",
            content: .form(fields([("A", "z"), ("A", "a"), ("B", "1"), ("A", "a")])),
            signature: "bSCHoXo7b7FjG+2VjAgQfA8fY3M="),
        Vector(url: "https://gw.example.org/cb?x=1", content: .none, signature: "Iknpsz/oZ/RFKR3FEaWi8R0l8hM="),
        Vector(url: jsonURL, content: .raw(json), signature: "Z+apCFu5haYndXoU9A34wT+/zUA="),
        Vector(
            url: "https://gw.example.org:8443/cb", content: .form(delivered),
            signature: "Qds2ZnTeHPXtnwdX6HoJ8OItKKs="),
        Vector(
            url: "https://gw.example.org/cb", content: .form(fields([("a", "1"), ("B", "2"), ("_", "3")])),
            signature: "pI+zfc1jecXCTumzW/oKzEC5iKI="),
    ]

    @Test func vectors() {
        for vector in Self.vectors {
            let callback = vector.callback()
            #expect(callback.isSigned(by: [vector.token]), "\(vector.url)")
            #expect(callback.isSigned(by: ["the next", vector.token]))
            #expect(!callback.isSigned(by: []))
            #expect(!callback.isSigned(by: ["", "\(vector.token) "]))
            #expect(!vector.callback { $0.signature = nil }.isSigned(by: [vector.token]))
            #expect(!vector.callback { $0.signature = "" }.isSigned(by: [vector.token]))
            #expect(!vector.callback { $0.signature = "no Base64" }.isSigned(by: [vector.token]))
            #expect(!vector.callback { $0.signature!.removeFirst(4) }.isSigned(by: [vector.token]))
            #expect(!vector.callback { $0.url += "&" }.isSigned(by: [vector.token]))
            #expect(!vector.callback { $0.url = $0.url.replacing("https", with: "http") }.isSigned(by: [vector.token]))
        }
    }

    @Test func anyChangeOfAFieldIsSeen() {
        let vector = Self.vectors[1]
        for index in Self.delivered.fields.indices {
            var form = Self.delivered
            form.fields[index].value += "1"
            #expect(!vector.callback { $0.content = .form(form) }.isSigned(by: [Self.token]))
            form.fields.remove(at: index)
            #expect(!vector.callback { $0.content = .form(form) }.isSigned(by: [Self.token]))
        }
        #expect(!vector.callback { $0.content = .none }.isSigned(by: [Self.token]))
    }

    @Test(arguments: [
        "algorithm=HMAC_MD5", "algorithm=HMAC_SHA1,algorithm=HMAC_SHA256", "algorithm=HMAC_SHA1,algorithm=HMAC_SHA1",
        "algorithm=HMAC_SHA2 56,algorithm=HMAC_SHA1",
    ])
    func otherAlgorithmsAreRefused(_ settings: String) {
        for vector in Self.vectors[1...2] {
            #expect(!vector.callback { $0.signatureSettings = settings }.isSigned(by: [Self.token]))
        }
    }

    @Test(arguments: ["", " ", "key=SK1", "algorithm=", "algorithm= ,key=SK1", "algorithm", "algorithm=HMAC_SHA1"])
    func settingsWithoutAnAlgorithmMeanSHA1(_ settings: String) throws {
        #expect(Self.vectors[1].callback { $0.signatureSettings = settings }.isSigned(by: [Self.token]))
        #expect(!Self.vectors[2].callback { $0.signatureSettings = settings }.isSigned(by: [Self.token]))
        let named = try Oracle("twilio_client.py", "algorithm").answers(to: [[settings]], as: String.self)
        #expect(named == ["HMAC_SHA1"])
    }

    @Test func theFragmentMayBeSignedOrNot() throws {
        struct Question: Encodable {
            var url: String

            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(TwilioCallbackTests.token)
                try list.encode(url)
                try list.encode(TwilioCallbackTests.delivered.fields.map { [$0.name.text, $0.value] })
                try list.encode(String?.none)
            }
        }
        // Of a request, the URL is known without its fragment.
        let seen = "https://gw.example.org/webhooks/eu?apus=1-1-A"
        let isOurs = [
            ("", true), ("#rc=5&rp=all", true), ("#rc=5", false), ("#", false), ("#rc=5&rp=all#", false),
            ("rc=5&rp=all", false),
        ]
        let signatures = try Oracle("twilio_client.py", "sign").answers(
            to: isOurs.map { Question(url: seen + $0.0) }
                + [Question(url: seen.replacing("org/", with: "org:443/") + "#rc=5&rp=all")], as: String.self)
        for (signature, isSigned) in zip(signatures, isOurs.map(\.1) + [true]) {
            let callback = TwilioCallback(url: seen, content: .form(Self.delivered), signature: signature)
            #expect(callback.isSigned(by: [Self.token]) == isSigned)
        }
    }

    @Test func theAlgorithmIsTheOneThatWasNamed() {
        #expect(!Self.vectors[1].callback { $0.signatureSettings = "algorithm=HMAC_SHA256" }.isSigned(by: [Self.token]))
        #expect(!Self.vectors[2].callback { $0.signatureSettings = nil }.isSigned(by: [Self.token]))
        for settings in ["algorithm=hmac_sha256", "key=1, algorithm = HMAC_SHA256 "] {
            #expect(Self.vectors[2].callback { $0.signatureSettings = settings }.isSigned(by: [Self.token]))
        }
        #expect(
            Self.vectors[2].callback { $0.signatureSettings = "algorithm=HMAC_SHA256, key=1" }.isSigned(by: [Self.token]
            ))
    }

    @Test func aBodyMustBeTheOneThatWasHashed() throws {
        let vector = Self.vectors[6]
        #expect(!vector.callback { $0.content = .raw(Self.json + [0x20]) }.isSigned(by: [Self.token]))
        #expect(!vector.callback { $0.content = .raw([]) }.isSigned(by: [Self.token]))
        // A signed URL without a hash covers no body.
        #expect(!Self.vectors[5].callback { $0.content = .raw(Self.json) }.isSigned(by: [Self.token]))
        let doubled = "\(Self.jsonURL)&bodySHA256=\(String(repeating: "0", count: 64))"
        #expect(!vector.callback { $0.url = doubled }.isSigned(by: [Self.token]))
    }

    @Test func asTheVendorSigns() throws {
        struct Question: Encodable {
            var url: String
            var fields: [FormFields.Field]
            var isLong: Bool

            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(TwilioCallbackTests.token)
                try list.encode(url)
                try list.encode(fields.map { [$0.name.text, $0.value] })
                try list.encode(isLong ? "HMAC_SHA256" : nil)
            }
        }
        var random = SeededGenerator(seed: 6)
        let names = ["A", "a", "B", "_", "é", "Z9", "AB", "😀", "\u{FFFD}", "A "]
        let questions = (0..<300).map { number in
            let fields = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                FormFields.Field(names.randomElement(using: &random)!, names.randomElement(using: &random)!)
            }
            let ports = ["", ":443", ":80", ":8443"]
            let port = ports.randomElement(using: &random)!
            return Question(
                url: "https://gw.example.org\(port)/cb/\(number)?q=%20\(number)&x", fields: fields,
                isLong: random.oneIn(2))
        }
        let signatures = try Oracle("twilio_client.py", "sign").answers(to: questions, as: String.self)
        #expect(signatures.count == questions.count)
        for (question, signature) in zip(questions, signatures) {
            var callback = TwilioCallback(
                url: question.url, content: .form(FormFields(question.fields)), signature: signature,
                signatureSettings: question.isLong ? "algorithm=HMAC_SHA256" : nil)
            #expect(callback.isSigned(by: [Self.token]), "\(question.url) \(question.fields)")
            callback.url = callback.url.replacing(":443/", with: "/")
            #expect(callback.isSigned(by: [Self.token]))
        }
    }

    @Test func statuses() {
        func receipt(_ status: String, error: String? = nil) -> ReceiptStatus? {
            var form = FormFields([
                .init("MessageSid", "SM0123456789abcdef0123456789abcdef"), .init("MessageStatus", status),
            ])
            if let error { form.fields.append(.init("ErrorCode", error)) }
            return TwilioStatus(form)?.receipt
        }
        #expect(receipt("delivered") == .delivered)
        #expect(receipt("read") == .delivered)
        #expect(receipt("undelivered", error: "30003") == .undelivered(code: "30003"))
        #expect(receipt("failed") == .undelivered(code: "FAILED"))
        #expect(receipt("canceled") == .undelivered(code: "CANCELED"))
        for status in ["accepted", "scheduled", "queued", "sending", "sent", "partially_delivered", "new"] {
            #expect(receipt(status) == .taken)
        }
        #expect(TwilioStatus(Self.delivered)?.providerID == "SM0123456789abcdef0123456789abcdef")
        #expect(TwilioStatus(FormFields([.init("MessageSid", "SM1"), .init("MessageStatus", "sent")])) == nil)
        #expect(TwilioStatus(FormFields()) == nil)
    }
}
