internal import Foundation

/// How the account behaves.
struct AccountRules {
    var account: String
    var token: String
    var seed: UInt64
    /// Milliseconds until an answer.
    var latency: Int64 = 0
    /// Refuses every message, with this code.
    var reject: Int?
    var shares = FaultShares()
    var limits = CarrierLimits()
    var callbacks = CallbackShares()
    /// All are delivered, and told of only when somebody asks for it.
    var areCallbacksHeld = false

    init(account: String, token: String, seed: UInt64) {
        self.account = account
        self.token = token
        self.seed = seed
    }
}

/// A request, as far as it matters.
struct CarrierRequest {
    var method: String
    var path: String
    var query: String
    var authorization: String?
    var contentType: String?
    var body: [UInt8]
}

/// What a request meets with.
struct Reaction {
    enum End {
        case answer
        /// The connection ends without an answer, in order or by RST.
        case close, reset
        case silence
    }

    var status = 200
    var body = ""
    var contentType = "application/json"
    var end = End.answer
    /// The place in the ledger of the message that was taken.
    var taken: Int?
    var retryAfterSeconds: Int?
    /// It doesn't take as long as other answers do.
    var isAtOnce = false
}

/// The account's side of the API: which messages it takes, and what it says. No IO.
struct Account {
    let rules: AccountRules
    private(set) var ledger: Ledger
    private var keeper: LimitKeeper
    private let authorization: String
    private let messagesPath: String
    /// Before a message's SID and `.json`.
    private let messagePath: String
    private let accountPath: String
    /// How often each text was posted.
    private var turns: [String: Int] = [:]
    private var placesByRecipient: [String: [Int]] = [:]
    private static let parameters: Set = [
        "To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod",
    ]

    init(_ rules: AccountRules) {
        self.rules = rules
        ledger = Ledger(account: rules.account)
        keeper = LimitKeeper(rules.limits)
        authorization = "Basic " + Data("\(rules.account):\(rules.token)".utf8).base64EncodedString()
        accountPath = "/2010-04-01/Accounts/\(rules.account).json"
        messagesPath = "/2010-04-01/Accounts/\(rules.account)/Messages.json"
        messagePath = "/2010-04-01/Accounts/\(rules.account)/Messages/"
    }

    /// - Parameters:
    ///   - underWay: messages that have been taken and not been answered yet.
    ///   - now: milliseconds since the Unix epoch.
    mutating func react(to request: CarrierRequest, underWay: Int, now: Int64) -> Reaction {
        let isMessage = request.path.hasPrefix(messagePath)
        guard request.path == messagesPath || request.path == accountPath || isMessage else {
            return Self.refusal(404, 20404, "The requested resource \(request.path) was not found")
        }
        guard request.authorization == authorization else { return Self.refusal(401, 20003, "Authenticate") }
        switch (request.method, request.path) {
        case ("GET", accountPath):
            return Reaction(body: #"{"sid":"\#(rules.account)","status":"active"}"#)
        case ("GET", _) where isMessage: return fetch(request.path)
        case ("GET", _): return list(request.query)
        case ("POST", messagesPath): return create(request, underWay: underWay, now)
        default: return Self.refusal(405, 20004, "Method not allowed")
        }
    }

    private static func refusal(_ status: Int, _ code: Int, _ message: String) -> Reaction {
        let link = "https://www.twilio.com/docs/errors/\(code)"
        return Reaction(
            status: status,
            body:
                #"{"code":\#(code),"message":\#(JSONText.quoted(message)),"more_info":"\#(link)","status":\#(status)}"#
        )
    }

    // MARK: Creating a message

    private mutating func create(_ request: CarrierRequest, underWay: Int, _ now: Int64) -> Reaction {
        ledger.requests += 1
        // A body of another type isn't read.
        let isForm = request.contentType == "application/x-www-form-urlencoded"
        guard let form = Form(request.body), isForm else { return Self.refusal(400, 21604, "A 'To' is required.") }
        if let refusal = Self.refusal(of: form) { return refusal }
        if let code = rules.reject { return Self.refusal(400, code, "Refused by rule") }
        let text = form["Body"] ?? ""
        turns[text, default: 0] += 1
        var chance = Chance(seed: rules.seed, text, String(turns[text, default: 0]))
        let verdict = keeper.verdict(from: form["From"], underWay: underWay, now: now, &chance)
        if verdict != .taken { return refusal(by: verdict) }
        let fault = rules.shares.draw(&chance)
        ledger.faults[fault.rawValue, default: 0] += 1
        let place = fault.isTaken ? take(form, fault, now) : nil
        var reaction = answer(fault, place, &chance)
        reaction.taken = place
        return reaction
    }

    private mutating func refusal(by verdict: LimitKeeper.Verdict) -> Reaction {
        ledger.faults[verdict.rawValue, default: 0] += 1
        if verdict == .beyond { ledger.beyond += 1 }
        var reaction =
            switch verdict {
            case .failed: Self.refusal(500, 20500, "Internal Server Error")
            case .fullSender: Self.refusal(429, 21611, "This 'From' number has exceeded its message queue")
            default: Self.refusal(429, 20429, "Too Many Requests")
            }
        reaction.isAtOnce = verdict == .beyond || !rules.limits.areErrorsSlow
        if reaction.status == 429 { reaction.retryAfterSeconds = rules.limits.retryAfterSeconds }
        return reaction
    }

    private mutating func take(_ form: Form, _ fault: Fault, _ now: Int64) -> Int {
        let place = ledger.messages.count
        let number = String(UInt64(place + 1) | rules.seed << 40, radix: 16)
        let message = TakenMessage(
            sid: "SM" + String(repeating: "0", count: 32 - number.count) + number, to: form["To"] ?? "",
            from: form["From"], service: form["MessagingServiceSid"], body: form["Body"] ?? "",
            callback: form["StatusCallback"], created: now, fault: fault)
        ledger.messages.append(message)
        placesByRecipient[message.to, default: []].append(place)
        return place
    }

    private func answer(_ fault: Fault, _ place: Int?, _ chance: inout Chance) -> Reaction {
        switch fault {
        case .none: return Reaction(status: 201, body: place.map { ledger.messages[$0].json(rules.account) } ?? "")
        case .throttled: return Self.refusal(429, 20429, "Too Many Requests")
        case .failedUntaken, .failedTaken:
            // Now it is Twilio itself that says it, now something before it.
            if chance.happens(0.5) { return Self.refusal(500, 20500, "Internal Server Error") }
            return Reaction(status: 502, body: "<html><body>Bad Gateway</body></html>", contentType: "text/html")
        case .lostTaken: return Reaction(end: .close)
        case .resetUntaken, .resetTaken: return Reaction(end: .reset)
        case .hangsUntaken, .hangsTaken: return Reaction(end: .silence)
        }
    }

    /// The rules of the resource; nil = the form is good.
    private static func refusal(of form: Form) -> Reaction? {
        let names = form.fields.map(\.name)
        guard Set(names).isSubset(of: parameters), Set(names).count == names.count else {
            return refusal(400, 20001, "Unknown parameters")
        }
        guard let to = form["To"] else { return refusal(400, 21604, "A 'To' phone number is required.") }
        guard to.hasPrefix("+"), (8...16).contains(to.utf8.count), to.dropFirst().allSatisfy(\.isNumber) else {
            return refusal(400, 21211, "The 'To' number \(to) is not a valid phone number.")
        }
        guard (form["From"] == nil) != (form["MessagingServiceSid"] == nil) else {
            return refusal(400, 21603, "A 'From' phone number is required.")
        }
        guard let text = form["Body"], !text.isEmpty else { return refusal(400, 21602, "Message body is required.") }
        guard text.unicodeScalars.count <= 1600 else { return refusal(400, 21617, "It exceeds 1600 characters.") }
        if let validity = form["ValidityPeriod"], !(Int(validity).map { (1...36_000).contains($0) } ?? false) {
            return refusal(400, 21626, "Invalid ValidityPeriod")
        }
        if let callback = form["StatusCallback"], CallbackTarget(callback) == nil {
            return refusal(400, 21609, "Invalid StatusCallback \(callback)")
        }
        return nil
    }

    // MARK: Fetching and listing

    private func fetch(_ path: String) -> Reaction {
        guard let message = ledger.messages.first(where: { path == "\(messagePath)\($0.sid).json" }) else {
            return Self.refusal(404, 20404, "The requested resource \(path) was not found")
        }
        return Reaction(body: message.json(rules.account, isCurrent: true))
    }

    /// `DateSent`, with `>` or `<` at its end, is a day or a time of ISO 8601.
    private func list(_ query: String) -> Reaction {
        guard let form = Form(Array(query.utf8)) else { return Self.refusal(400, 20001, "The query is no form") }
        var range = Int64.min...Int64.max
        var size = 50
        for field in form.fields {
            switch field.name {
            case "To", "From": break
            case "PageSize":
                guard let given = Int(field.value), (1...1000).contains(given) else {
                    return Self.refusal(400, 20001, "PageSize is not 1 to 1000")
                }
                size = given
            case "DateSent", "DateSent>", "DateSent<":
                guard let day = Self.day(field.value) else { return Self.refusal(400, 20001, "Invalid DateSent") }
                let low = field.name == "DateSent<" ? range.lowerBound : max(day, range.lowerBound)
                let high = field.name == "DateSent>" ? range.upperBound : min(day + 86_399_999, range.upperBound)
                range = low...max(low, high)
            default: return Self.refusal(400, 20001, "Unknown parameter \(field.name)")
            }
        }
        let places = form["To"].map { placesByRecipient[$0] ?? [] } ?? Array(ledger.messages.indices)
        let found = places.reversed().map { ledger.messages[$0] }.filter { message in
            range.contains(message.created) && (form["From"].map { message.from == $0 } ?? true)
        }
        let next = found.count > size ? "\"\(messagesPath)?Page=1\"" : "null"
        let page = found.prefix(size).map { $0.json(rules.account) }.joined(separator: ",")
        return Reaction(body: #"{"messages":[\#(page)],"next_page_uri":\#(next),"page_size":\#(size)}"#)
    }

    /// The begin of the day in milliseconds since the Unix epoch.
    private static func day(_ text: String) -> Int64? {
        let whole = text.utf8.count == 10 ? "\(text)T00:00:00Z" : text
        guard let date = try? Date(whole, strategy: .iso8601) else { return nil }
        return Int64(date.timeIntervalSince1970) / 86_400 * 86_400_000
    }

    // MARK: The ledger

    mutating func update(_ place: Int, _ change: (inout TakenMessage) -> Void) {
        change(&ledger.messages[place])
    }

    mutating func expectCallbacks(_ count: Int) { ledger.pendingCallbacks += count }

    /// - Parameter answer: the status that it was answered with; nil = the carrier gave it up.
    mutating func finished(_ callback: Callback, answer: Int?) {
        ledger.pendingCallbacks -= 1
        let isBelieved = answer.map { (200...299).contains($0) } ?? false
        ledger.callbackAnswers[answer.map(String.init) ?? "none", default: 0] += 1
        if callback.forgery != nil {
            ledger.messages[callback.place].forged += 1
            if isBelieved { ledger.messages[callback.place].forgedBelieved += 1 }
        } else if callback.status == ledger.messages[callback.place].final, isBelieved {
            ledger.messages[callback.place].isTold = true
        }
    }
}
