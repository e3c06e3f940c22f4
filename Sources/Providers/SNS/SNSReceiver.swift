internal import Cryptography
package import HTTPTransport
internal import JSON
package import SMSModel
internal import Synchronization

package struct SNSReceiverOptions: Hashable, Sendable {
    /// The ARNs of the topics whose notifications are believed.
    package var topics: Set<String>
    /// Whether signatures of version 1 count, which are over SHA-1: those of topics that were not set to version 2.
    package var acceptsSHA1 = true
    /// How far the `Timestamp`, the time of publishing, may be away.
    package var tolerance = WebhookTolerance()
    /// PEM: whom to trust for the certificates that notifications are signed with, instead of those the system trusts.
    package var caFile: String?
    /// Whether the prices in events settle what messages cost, where events have prices.
    package var hasPrices = false
    /// For the certificates, and to confirm subscriptions.
    package var http: HTTPSessionOptions

    package init(topics: Set<String>) {
        self.topics = topics
        http = HTTPSessionOptions()
        // Amazon waits 15 s for the answer.
        http.timeout = 5000
        http.connections = Limits.snsFetches
        http.waiting = Limits.snsFetchesWaiting
        http.responseBytes = Limits.signingCertificateBytes
    }

    /// What is wrong with them.
    package func violations() -> [FieldViolation] {
        var wrong: [FieldViolation] = []
        func fault(_ description: String) {
            wrong.append(FieldViolation(field: "options.topics", description: description))
        }
        if topics.isEmpty || topics.count > Limits.snsTopics {
            fault("must be 1 to \(Limits.snsTopics) topics, by their ARNs")
        }
        let arn = /arn:aws[a-z-]*:sns:[a-z0-9-]{3,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?/
        for topic in topics.sorted() where topic.wholeMatch(of: arn) == nil {
            fault(
                "has \"\(topic)\", which is no ARN of a topic, such as arn:aws:sns:eu-central-1:123456789012:sms-status"
            )
        }
        return wrong
    }
}

/// Believes what Amazon's SNS posts for the configured topics, and confirms their subscriptions.
package final class SNSReceiver: WebhookReceiver {
    /// What a notification's message says of messages.
    package typealias Reader = @Sendable (String) -> [CarrierEvent]

    private let options: SNSReceiverOptions
    private let read: Reader
    private let fetch: @Sendable (String) async -> HTTPResult
    private let stopFetching: @Sendable () -> Void
    private let certificates: SNSCertificates
    /// The tokens of confirmed subscriptions: a confirmation that is posted again is not visited again.
    private let confirmed = Mutex<Set<TextKey>>([])

    /// - Throws: ``InvalidProviderOptions``.
    package convenience init(
        _ options: SNSReceiverOptions, client: HTTPClient, read: @escaping Reader = { SNSContent.events(of: $0) }
    ) throws(InvalidProviderOptions) {
        let fetcher = HTTPFetcher(options.http, client: client)
        try self.init(options, stopFetching: { fetcher.stop() }, read: read, fetch: { await fetcher.get($0) })
    }

    /// - Parameters:
    ///   - stopFetching: ends the fetches that are under way.
    ///   - fetch: GETs a URL without following redirects.
    package init(
        _ options: SNSReceiverOptions, stopFetching: @escaping @Sendable () -> Void = {},
        read: @escaping Reader = { SNSContent.events(of: $0) },
        fetch: @escaping @Sendable (String) async -> HTTPResult
    ) throws(InvalidProviderOptions) {
        let violations = options.violations()
        guard violations.isEmpty else { throw InvalidProviderOptions(violations: violations) }
        self.options = options
        self.read = read
        self.fetch = fetch
        self.stopFetching = stopFetching
        certificates = SNSCertificates(caFile: options.caFile, fetch: fetch)
    }

    /// Whatever waits for Amazon is undecided then, and so is what comes later and would have to.
    package func stop() { stopFetching() }

    package func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult {
        guard request.method == "POST" else { return .refused(reason: "SNS posts its notifications") }
        guard request.header("x-amz-sns-rawdelivery")?.lowercased() != "true" else {
            return .refused(reason: "with raw message delivery nothing is signed: switch it off for the subscription")
        }
        let notification: SNSNotification
        do throws(SNSNotification.ParseError) {
            notification = try SNSNotification(request.body)
        } catch {
            return .refused(reason: "it is no notification of SNS: \(error.reason)")
        }
        if let verdict = await verdictUnlessBelieved(notification, now: now) { return verdict }
        switch notification.kind {
        case .notification:
            return .believed(read(notification.message), Self.answer)
        case .subscription: return await confirm(notification)
        case .unsubscription: return .believed([], Self.answer)
        }
    }

    private static let answer = WebhookAnswer(status: 200)

    /// What is cheap is checked first: nothing is fetched for topics of others.
    ///
    /// - Returns: nil if it is Amazon's word.
    private func verdictUnlessBelieved(_ notification: SNSNotification, now: Int64) async -> WebhookResult? {
        guard options.topics.contains(where: notification.topic.hasSameBytes) else {
            return .refused(reason: "its topic is none of those configured")
        }
        guard options.tolerance.allows(seconds: Double(notification.time) / 1000, now: now) else {
            return .refused(reason: "its Timestamp is too old, or too far ahead")
        }
        guard notification.signatureVersion == .sha256 || options.acceptsSHA1 else {
            return .refused(reason: "it is signed over SHA-1: set the topic's SignatureVersion to 2")
        }
        guard let host = SNSURL.certificateHost(notification.certificateURL) else {
            return .refused(reason: "its SigningCertURL is not Amazon's")
        }
        switch await certificates.certificate(at: notification.certificateURL, host: host, now: now) {
        case .good(let certificate):
            let isSigned = certificate.key.verifies(
                notification.signature, of: notification.signedText, .rsa(notification.signatureVersion.hash))
            return isSigned ? nil : .refused(reason: "its signature is wrong")
        case .bad(let reason): return .refused(reason: reason)
        case .unknown(let reason): return .undecided(reason: reason)
        }
    }

    private func confirm(_ notification: SNSNotification) async -> WebhookResult {
        guard let url = notification.subscribeURL, let token = notification.token, SNSURL.isConfirmation(url) else {
            return .refused(reason: "its SubscribeURL is not Amazon's")
        }
        guard !confirmed.withLock({ $0.contains(TextKey(token)) }) else { return .believed([], Self.answer) }
        guard case .answered(let response) = await fetch(url), response.status == 200 else {
            return .undecided(reason: "the subscription cannot be confirmed now")
        }
        confirmed.withLock { confirmed in
            if confirmed.count >= Limits.snsTopics { confirmed.removeAll() }
            confirmed.insert(TextKey(token))
        }
        return .believed([], Self.answer)
    }
}
