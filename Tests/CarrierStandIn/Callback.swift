internal import Cryptography
internal import Foundation

/// Where callbacks go, of a message's `StatusCallback`.
struct CallbackTarget {
    var host: String
    var port: Int
    /// With its query.
    var path: String

    /// - Returns: nil if it is no absolute URL of HTTP without TLS, or its host has an underscore.
    init?(_ url: String) {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, !host.isEmpty,
            !host.contains("_")
        else { return nil }
        self.host = host
        port = parts.port ?? 80
        // As it was given, nothing encoded a second time.
        let sent = url.prefix { $0 != "#" }
        let authority = sent.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        let rest = sent.dropFirst("http://".count + authority.count)
        path = rest.hasPrefix("/") ? String(rest) : "/\(rest)"
    }

    /// The same path and query at the server of another URL.
    func moved(to server: CallbackTarget) -> CallbackTarget {
        var target = self
        target.host = server.host
        target.port = server.port
        return target
    }
}

/// One request to a message's `StatusCallback`.
struct Callback {
    enum Forgery: CaseIterable {
        case otherToken, signatureOfAnother, noSignature
    }

    /// The message's place in the ledger.
    var place: Int
    var status: String
    /// Milliseconds after the message was taken.
    var delay: Int64
    /// nil = the carrier makes it.
    var forgery: Forgery?
}

/// How callbacks go astray, each a share of the messages.
struct CallbackShares {
    var doubled = 0.0
    var shuffled = 0.0
    var forged = 0.0
    var undelivered = 0.0
    var failed = 0.0
    /// The carrier never comes to an end with a message: it tells that it has sent it, and no more.
    var isSentOnly = false

    static let usual = CallbackShares(doubled: 0.2, shuffled: 0.3, forged: 0.1, undelivered: 0.15, failed: 0.05)

    func draw(place: Int, _ chance: inout Chance) -> (final: String, callbacks: [Callback]) {
        let dice = Double.random(in: 0..<1, using: &chance)
        let final = dice < undelivered ? "undelivered" : dice < undelivered + failed ? "failed" : "delivered"
        if isSentOnly { return ("sent", [Callback(place: place, status: "sent", delay: 5)]) }
        var callbacks: [Callback] = []
        func add(_ status: String, _ delays: ClosedRange<Int64>, _ forgery: Callback.Forgery? = nil) {
            let delay = Int64.random(in: delays, using: &chance)
            callbacks.append(Callback(place: place, status: status, delay: delay, forgery: forgery))
        }
        // Some of them come before the answer to the request.
        let isShuffled = chance.happens(shuffled)
        if final != "failed" { add("sent", isShuffled ? 120...160 : 5...40) }
        add(final, isShuffled ? 1...40 : 45...120)
        if chance.happens(doubled) { add(callbacks.randomElement(using: &chance)?.status ?? final, 20...300) }
        if chance.happens(forged), let how = Callback.Forgery.allCases.randomElement(using: &chance) {
            add(final == "delivered" ? "undelivered" : "delivered", 1...200, how)
        }
        return (final, callbacks)
    }
}

/// Makes the requests of callbacks, signed as Twilio signs.
struct CallbackWriter {
    let account: String
    let token: String

    struct Request {
        var body: String
        var signature: String?
    }

    func request(_ callback: Callback, of message: TakenMessage, to url: String) -> Request {
        let form = form(callback.status, message)
        let truth = self.form(message.final, message)
        let signature: String? =
            switch callback.forgery {
            case nil: Self.signature(token, url, form)
            case .otherToken: Self.signature(token + "x", url, form)
            case .signatureOfAnother: Self.signature(token, url, truth)
            case .noSignature: nil
            }
        return Request(body: form.encoded, signature: signature)
    }

    private func form(_ status: String, _ message: TakenMessage) -> Form {
        var fields = [
            (name: "AccountSid", value: account), ("ApiVersion", "2010-04-01"), ("MessageSid", message.sid),
            ("MessageStatus", status), ("SmsSid", message.sid), ("SmsStatus", status), ("To", message.to),
        ]
        if let from = message.from { fields.append(("From", from)) }
        if let service = message.service { fields.append(("MessagingServiceSid", service)) }
        if status == "undelivered" { fields.append(("ErrorCode", "30003")) }
        if status == "failed" { fields.append(("ErrorCode", "30008")) }
        return Form(fields)
    }

    /// HMAC-SHA1 by the token over the URL and the sorted names with their values, in Base64.
    private static func signature(_ token: String, _ url: String, _ form: Form) -> String {
        let sorted = form.fields.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let text = url + sorted.map { $0.name + $0.value }.joined()
        return Data(HMAC.code(.sha1, key: token.utf8, text.utf8)).base64EncodedString()
    }
}
