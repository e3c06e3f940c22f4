package import HTTPTransport
internal import SMSModel
internal import Synchronization

/// Sends through Twilio Programmable Messaging.
///
/// Twilio knows no idempotency key: what it may have taken is `unknown`, and ``TwilioLookUp`` can ask for it.
package final class TwilioProvider: SMSProvider {
    package let name: String
    package let kind = "twilio"
    private let options: TwilioOptions
    private let requests: TwilioRequests
    private let client: HTTPClient
    private let link = Mutex<Link?>(nil)

    private struct Link {
        var session: HTTPSession
        var events: any ProviderEvents
    }

    /// - Throws: ``InvalidProviderOptions`` with all that is wrong.
    package init(
        name: String = "twilio", options: TwilioOptions, client: HTTPClient
    ) throws(InvalidProviderOptions) {
        let violations = options.violations()
        guard violations.isEmpty else { throw InvalidProviderOptions(violations: violations) }
        self.name = name
        self.options = options
        self.client = client
        requests = TwilioRequests(options)
    }

    package func start(events: any ProviderEvents) {
        var http = options.http
        http.responseHeaders = ["retry-after"]
        let session = client.session(http, handler: self)
        link.withLock { $0 = Link(session: session, events: events) }
    }

    package func submit(_ batch: SubmissionBatch) {
        link.withLock { $0 }?.session.submit(batch.items.map { requests.create($0, of: batch) })
    }

    package func drain() {
        link.withLock { $0 }?.session.drain()
    }

    package func stop() {
        link.withLock { $0.take() }?.session.close()
    }
}

extension TwilioProvider: HTTPCompletionHandler {
    package func completed(_ completions: [HTTPCompletion]) {
        let receipts = options.statusCallback != nil
        let answers = completions.map { completion in
            AttemptAnswer(
                id: MessageID(rawValue: completion.id.number), attempt: completion.id.attempt,
                outcome: TwilioAnswer.outcome(completion.result, receipts: receipts))
        }
        link.withLock { $0 }?.events.answered(answers)
    }
}
