package import HTTPTransport
package import SMSModel

/// Twilio Programmable Messaging.
///
/// Twilio knows no idempotency key: what it may have taken is `unknown`, and ``TwilioLookUp`` can ask for it.
package struct TwilioCarrier: HTTPCarrier {
    package let kind = "twilio"
    package let canBeAsked = true
    package let http: HTTPSessionOptions
    private let requests: TwilioRequests
    private let sendsReceipts: Bool

    /// - Throws: ``InvalidProviderOptions`` with all that is wrong.
    package init(_ options: TwilioOptions) throws(InvalidProviderOptions) {
        let violations = options.violations()
        guard violations.isEmpty else { throw InvalidProviderOptions(violations: violations) }
        var http = options.http
        http.responseHeaders = HTTPResponse.headersForOutcomes
        self.http = http
        requests = TwilioRequests(options)
        sendsReceipts = options.statusCallback != nil
    }

    package func request(for item: Submission, of batch: Submissions) -> HTTPRequest {
        requests.create(item, of: batch)
    }

    package func outcome(of result: HTTPResult) -> Outcome {
        TwilioAnswer.outcome(result, receipts: sendsReceipts)
    }
}
