package import HTTPTransport
package import SMSModel

/// AWS SNS, which tells nothing of a message after it took it.
///
/// SNS knows no idempotency key for numbers, and can't be asked: what it may have taken stays `unknown`.
package struct SNSCarrier: HTTPCarrier {
    package let kind = "sns"
    package let http: HTTPSessionOptions
    private let requests: SNSRequests

    /// - Throws: ``InvalidProviderOptions`` with all that is wrong.
    package init(_ options: SNSOptions) throws(InvalidProviderOptions) {
        let violations = options.violations()
        guard violations.isEmpty else { throw InvalidProviderOptions(violations: violations) }
        var http = options.http
        http.responseHeaders = HTTPResponse.headersForOutcomes
        self.http = http
        requests = SNSRequests(options)
    }

    package func request(for item: Submission, of batch: Submissions) -> HTTPRequest {
        requests.publish(item, of: batch)
    }

    package func outcome(of result: HTTPResult) -> Outcome { SNSAnswer.outcome(result) }
}
