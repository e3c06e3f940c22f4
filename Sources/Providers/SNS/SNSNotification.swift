internal import Cryptography
internal import FoundationEssentials
internal import JSON
internal import SMSModel

/// What Amazon's SNS posts to a subscriber, not yet believed.
struct SNSNotification: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case notification = "Notification"
        case subscription = "SubscriptionConfirmation"
        case unsubscription = "UnsubscribeConfirmation"
    }

    /// How it is signed: RSA PKCS #1 v1.5 over a hash.
    enum SignatureVersion: String, Hashable, Sendable {
        case sha1 = "1"
        case sha256 = "2"

        var hash: HashFunction { self == .sha1 ? .sha1 : .sha256 }
    }

    var kind: Kind
    var messageID: String
    var topic: String
    var message: String
    /// The subject of a notification, if it has one.
    var subject: String?
    /// The time as it stands there, for it is signed.
    var timestamp: String
    /// Milliseconds since the Unix epoch.
    var time: Int64
    /// The token of a confirmation.
    var token: String?
    /// The URL of a confirmation.
    var subscribeURL: String?
    var signatureVersion: SignatureVersion
    var signature: [UInt8]
    var certificateURL: String

    /// Why a body is no notification, in a clause.
    struct ParseError: Error, Hashable {
        var reason: String
    }

    init(_ body: [UInt8]) throws(ParseError) {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(body)
        } catch {
            throw ParseError(reason: "it is no JSON: \(error)")
        }
        guard document.object != nil else { throw ParseError(reason: "it is no JSON object") }
        func text(_ name: String) throws(ParseError) -> String {
            guard let text = document[name]?.string, !text.isEmpty else {
                throw ParseError(reason: "\(name) is missing, or no text")
            }
            // All but the message are names, times, URLs and the like.
            guard text.utf8.count <= Limits.httpURLBytes else { throw ParseError(reason: "\(name) is too long") }
            return text
        }
        guard let kind = Kind(rawValue: try text("Type")) else { throw ParseError(reason: "its Type is not known") }
        self.kind = kind
        messageID = try text("MessageId")
        topic = try text("TopicArn")
        guard let message = document["Message"]?.string else { throw ParseError(reason: "Message is missing") }
        self.message = message
        timestamp = try text("Timestamp")
        guard let time = Self.milliseconds(timestamp) else { throw ParseError(reason: "its Timestamp is none") }
        self.time = time
        guard let version = SignatureVersion(rawValue: try text("SignatureVersion")) else {
            throw ParseError(reason: "its SignatureVersion is not known")
        }
        signatureVersion = version
        guard let signature = Data(base64Encoded: try text("Signature")) else {
            throw ParseError(reason: "its Signature is no Base64")
        }
        self.signature = Array(signature)
        certificateURL = try text(document["SigningCertURL"] == nil ? "SigningCertUrl" : "SigningCertURL")
        switch kind {
        case .notification:
            // Some write null where there is none.
            if let subject = document["Subject"], subject != .null { self.subject = try text("Subject") }
            (token, subscribeURL) = (nil, nil)
        case .subscription, .unsubscription:
            token = try text("Token")
            subscribeURL = try text("SubscribeURL")
        }
    }

    /// What the signature is over: the names and values that count, in the order of the names, each on a line.
    var signedText: [UInt8] {
        var pairs: [(String, String)] = [("Message", message), ("MessageId", messageID)]
        switch kind {
        case .notification:
            if let subject { pairs.append(("Subject", subject)) }
            pairs.append(("Timestamp", timestamp))
        case .subscription, .unsubscription:
            pairs += [("SubscribeURL", subscribeURL ?? ""), ("Timestamp", timestamp), ("Token", token ?? "")]
        }
        pairs += [("TopicArn", topic), ("Type", kind.rawValue)]
        return pairs.flatMap { Array("\($0.0)\n\($0.1)\n".utf8) }
    }

    /// Reads a time such as `2026-03-14T15:09:26.535Z`, with or without the milliseconds.
    static func milliseconds(_ text: String) -> Int64? {
        guard
            let match = text.wholeMatch(
                of: /([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?Z/),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3), let hour = Int(match.4),
            let minute = Int(match.5), let second = Int(match.6), year >= 1970, (1...12).contains(month), day >= 1,
            hour <= 23, minute <= 59, second <= 59
        else { return nil }
        let date = UTCDate(year: year, month: month, day: day)
        let days = Int64(date.daysSinceEpoch)
        // A day that the month doesn't have falls into the next.
        guard UTCDate(milliseconds: days * 86_400_000) == date else { return nil }
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        return seconds * 1000 + (match.7.flatMap { Int64($0) } ?? 0)
    }
}
