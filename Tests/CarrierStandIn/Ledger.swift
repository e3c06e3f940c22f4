internal import Glibc

/// A message that the carrier took, and all that came of it.
struct TakenMessage: Encodable {
    var sid: String
    var to: String
    var from: String?
    var service: String?
    var body: String
    /// Where its callbacks go.
    var callback: String?
    /// Milliseconds since the Unix epoch.
    var created: Int64
    var fault: Fault
    /// The 201 was written while the connection was there.
    var isAnswered = false
    /// What becomes of it at last: delivered, undelivered or failed; empty where nobody wants to know.
    var final = ""
    /// Whether the asker was told that, and said that it heard.
    var isTold = false
    /// Callbacks that the carrier did not make, and those of them that were answered with 2xx.
    var forged = 0
    var forgedBelieved = 0

    /// The message as the API has it.
    /// - Parameter isCurrent: with what has become of it; else as it was when it was made.
    func json(_ account: String, isCurrent: Bool = false) -> String {
        let made = service == nil ? "queued" : "accepted"
        let status = isCurrent && !final.isEmpty ? final : made
        let code = isCurrent && final == "undelivered" ? "30003" : isCurrent && final == "failed" ? "30008" : "null"
        let from = from.map(JSONText.quoted) ?? "null"
        let service = service.map(JSONText.quoted) ?? "null"
        let date = Self.rfc2822(created)
        return """
            {"account_sid":"\(account)","api_version":"2010-04-01","body":\(JSONText.quoted(body)),\
            "date_created":"\(date)","date_sent":null,"date_updated":"\(date)","direction":"outbound-api",\
            "error_code":\(code),"error_message":null,"from":\(from),"messaging_service_sid":\(service),\
            "num_media":"0","num_segments":"\(self.service == nil ? 1 : 0)","price":null,"price_unit":null,\
            "sid":"\(sid)","status":"\(status)","to":"\(to)",\
            "uri":"/2010-04-01/Accounts/\(account)/Messages/\(sid).json"}
            """
    }

    private static func rfc2822(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S +0000", &parts)
        return String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// The carrier's account of what it did.
struct Ledger: Encodable {
    var account: String
    /// That were to create a message.
    var requests = 0
    /// The requests that were beyond a limit.
    var beyond = 0
    /// How many met with which.
    var faults: [String: Int] = [:]
    var messages: [TakenMessage] = []
    var pendingCallbacks = 0
    /// The callbacks by the status that they were answered with; "none" = given up.
    var callbackAnswers: [String: Int] = [:]

    init(account: String) {
        self.account = account
    }

    /// How far it has come, in JSON.
    var progress: String {
        let answers = callbackAnswers.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
        return
            #"{"requests":\#(requests),"beyond":\#(beyond),"messages":\#(messages.count),"pendingCallbacks":\#(pendingCallbacks),"callbackAnswers":{\#(answers)}}"#
    }
}

enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
