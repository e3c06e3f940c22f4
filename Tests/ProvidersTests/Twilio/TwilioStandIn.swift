internal import Foundation
internal import GatewayTestKit
internal import JSON
internal import Providers
internal import Synchronization

/// The resource Messages of an account, as strict as the real one, and with faults where a test wants them.
final class TwilioStandIn: Sendable {
    typealias Reaction = ScriptedHTTPServer.Reaction

    static let account = "AC0123456789abcdef0123456789abcdef"
    static let key = (sid: "SK0123456789abcdef0123456789abcdef", secret: "secret/+=")
    static let service = "MG0123456789abcdef0123456789abcdef"
    static let callbackKey = Array("a key for tokens".utf8)

    struct Message: Sendable {
        var sid: String
        var form: FormFields
        var created: Date

        func field(_ name: String) -> String { form.only(name) ?? "" }
    }

    let server: ScriptedHTTPServer

    /// - Parameters:
    ///   - isHolding: answers wait for the server's ``ScriptedHTTPServer/release()``.
    ///   - fault: what a form meets with instead of the answer; it is taken all the same if `isTaken`.
    init(
        isHolding: Bool = false,
        fault: @escaping @Sendable (FormFields) -> (reaction: Reaction, isTaken: Bool)? = { _ in nil }
    ) async throws {
        let messages = Messages()
        self.messages = messages
        server = try await ScriptedHTTPServer { request in
            var reaction = Self.react(request, messages, fault)
            reaction.isHeld = isHolding
            return reaction
        }
    }

    private final class Messages: Sendable {
        let list = Mutex([Message]())
    }
    private let messages: Messages

    /// What it took, in the order of coming.
    var taken: [Message] { messages.list.withLock { $0 } }

    var options: TwilioOptions {
        var options = TwilioOptions(
            accountSID: Self.account, credential: .apiKey(sid: Self.key.sid, secret: Self.key.secret),
            sender: .number("+15005550006"))
        options.baseURL = "http://127.0.0.1:\(server.port)"
        options.statusCallback = .init(url: "https://gw.example.org/twilio?tenant=a", key: Self.callbackKey)
        options.validitySeconds = 3600
        return options
    }

    // MARK: What it answers

    private static func react(
        _ request: ScriptedHTTPServer.Request, _ messages: Messages,
        _ fault: (FormFields) -> (reaction: Reaction, isTaken: Bool)?
    ) -> Reaction {
        let target = request.target.split(separator: "?", maxSplits: 1)
        let base = "/2010-04-01/Accounts/\(account)/Messages"
        guard let path = target.first, path == "\(base).json" || path.hasPrefix("\(base)/") else {
            return refusal(404, 20404, "The requested resource was not found")
        }
        let credentials = Data("\(key.sid):\(key.secret)".utf8).base64EncodedString()
        guard request.header("authorization") == "Basic \(credentials)" else {
            return refusal(401, 20003, "Authenticate")
        }
        if path.hasPrefix("\(base)/") {
            let found = messages.list.withLock { $0.first { path == "\(base)/\($0.sid).json" } }
            return found.map { .answer(200, text(of: $0)) } ?? refusal(404, 20404, "The message was not found")
        }
        if request.method == "GET" { return list(target.count == 2 ? String(target[1]) : "", messages) }
        guard request.method == "POST" else { return refusal(405, 20004, "Method not allowed") }
        // A body of another type isn't read.
        let isForm = request.header("content-type") == "application/x-www-form-urlencoded"
        guard let form = FormFields(decoding: isForm ? request.body : []) else {
            return refusal(400, 20001, "The body is no form")
        }
        if let refusal = check(form) { return refusal }
        let fault = fault(form)
        if let fault, !fault.isTaken { return fault.reaction }
        let message = messages.list.withLock { list in
            let number = String(list.count + 1, radix: 16)
            let message = Message(
                sid: "SM" + String(repeating: "0", count: 32 - number.count) + number, form: form, created: Date())
            list.append(message)
            return message
        }
        return fault?.reaction ?? .answer(201, text(of: message))
    }

    private static func refusal(_ status: Int, _ code: Int, _ message: String) -> Reaction {
        .answer(
            status,
            #"{"code":\#(code),"message":"\#(message)","more_info":"https://www.twilio.com/docs/errors/\#(code)","status":\#(status)}"#
        )
    }

    private static let known: Set = ["To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"]

    /// The rules of the resource and the numbers that Twilio's test credentials know.
    private static func check(_ form: FormFields) -> Reaction? {
        let names = form.fields.map(\.name.text)
        guard Set(names).isSubset(of: known), Set(names).count == names.count else {
            return refusal(400, 20001, "Unknown parameters")
        }
        guard let to = form.only("To") else { return refusal(400, 21604, "A 'To' phone number is required.") }
        guard to.wholeMatch(of: /\+[1-9][0-9]{6,14}/) != nil, to != "+15005550001" else {
            return refusal(400, 21211, "The 'To' number \(to) is not a valid phone number.")
        }
        switch to {
        case "+15005550002": return refusal(400, 21612, "No route.")
        case "+15005550003": return refusal(400, 21408, "Permission has not been enabled for the region.")
        case "+15005550004": return refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        case "+15005550009": return refusal(400, 21614, "The 'To' number is not a mobile number.")
        default: break
        }
        switch (form.only("From"), form.only("MessagingServiceSid")) {
        case (nil, nil): return refusal(400, 21603, "A 'From' phone number is required.")
        case (nil, let service?) where service != Self.service: return refusal(400, 21705, "Not a Messaging Service")
        case ("+15005550001", _): return refusal(400, 21212, "Not a valid phone number, shortcode, or alphanumeric")
        case ("+15005550007", _): return refusal(400, 21606, "Not a Twilio phone number")
        case ("+15005550008", _): return refusal(429, 21611, "The queue of this 'From' is full")
        default: break
        }
        guard let body = form.only("Body"), !body.isEmpty else {
            return refusal(400, 21602, "Message body is required.")
        }
        guard body.unicodeScalars.count <= 1600 else { return refusal(400, 21617, "Exceeds the 1600 character limit.") }
        if let validity = form.only("ValidityPeriod"), !(Int(validity).map { (1...36_000).contains($0) } ?? false) {
            return refusal(400, 21626, "Invalid ValidityPeriod")
        }
        if let callback = form.only("StatusCallback"), !callback.hasPrefix("https://gw.example.org/") {
            return refusal(400, 21609, "Invalid StatusCallback")
        }
        return nil
    }

    private static func list(_ query: String, _ messages: Messages) -> Reaction {
        guard let form = FormFields(decoding: query.utf8), let to = form.only("To"), let day = form.only("DateSent>"),
            let since = try? Date(day, strategy: .iso8601), form.only("PageSize") == "50", form.fields.count == 3
        else { return refusal(400, 20001, "Unknown parameters") }
        let found = messages.list.withLock { $0.filter { $0.field("To") == to && $0.created >= since } }.reversed()
        return .answer(
            200, #"{"messages":[\#(found.map(text).joined(separator: ","))],"next_page_uri":null,"page_size":50}"#)
    }

    private static func rfc2822(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S +0000", &parts)
        return String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func text(of message: Message) -> String {
        let body = String(decoding: try! JSONEncoder().encode(message.field("Body")), as: UTF8.self)
        return """
            {"account_sid":"\(account)","api_version":"2010-04-01","body":\(body),
            "date_created":"\(rfc2822(message.created))","date_sent":null,"direction":"outbound-api",
            "error_code":null,"error_message":null,"from":"\(message.field("From"))","messaging_service_sid":null,
            "num_media":"0","num_segments":"1","price":null,"price_unit":null,"sid":"\(message.sid)",
            "status":"queued","to":"\(message.field("To"))","uri":"/2010-04-01/Accounts/x/Messages/\(message.sid).json"}
            """
    }
}
