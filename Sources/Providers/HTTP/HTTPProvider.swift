package import HTTPTransport
package import SMSModel
internal import Synchronization

/// A carrier's way of taking messages over HTTP: a request for each, and what its answer says. Pure.
package protocol HTTPCarrier: Sendable {
    /// The same as ``SMSProvider/kind``.
    var kind: String { get }
    /// The same as ``SMSProvider/canBeAsked``.
    var canBeAsked: Bool { get }
    var http: HTTPSessionOptions { get }
    /// Known by the message's id and attempt. Called on the client's thread, when the request is about to be sent.
    func request(for item: Submission, of batch: Submissions) -> HTTPRequest
    func outcome(of result: HTTPResult) -> Outcome
}

extension HTTPCarrier {
    package var canBeAsked: Bool { false }
}

/// Sends through a carrier that takes messages over HTTP.
package final class HTTPProvider: SMSProvider {
    package let name: String
    private let carrier: any HTTPCarrier
    private let client: HTTPClient
    private let transport = Mutex<Transport?>(nil)

    private struct Transport {
        var session: HTTPSession
        var events: any ProviderEvents
    }

    package init(name: String, carrier: any HTTPCarrier, client: HTTPClient) {
        self.name = name
        self.carrier = carrier
        self.client = client
    }

    package var kind: String { carrier.kind }
    package var canBeAsked: Bool { carrier.canBeAsked }

    package func start(events: any ProviderEvents) {
        let session = client.session(carrier.http, handler: self)
        transport.withLock { $0 = Transport(session: session, events: events) }
    }

    package func submit(_ batch: Submissions) {
        transport.withLock { $0 }?.session.submit(CarrierRequests(carrier: carrier, batch: batch))
    }

    package func drain() {
        transport.withLock { $0 }?.session.drain()
    }

    package func stop() {
        transport.withLock { $0.take() }?.session.close()
    }
}

/// A burst's requests.
private struct CarrierRequests: HTTPRequestSource {
    let carrier: any HTTPCarrier
    let batch: Submissions

    var count: Int { batch.items.count }

    func id(at index: Int) -> HTTPRequestID {
        HTTPRequestID(number: batch.items[index].id.rawValue, attempt: batch.items[index].attempt)
    }

    func request(at index: Int) -> HTTPRequest { carrier.request(for: batch.items[index], of: batch) }
}

extension HTTPProvider: HTTPCompletionHandler {
    package func completed(_ completions: [HTTPCompletion]) {
        let answers = completions.map { completion in
            AttemptAnswer(
                id: MessageID(rawValue: completion.id.number), attempt: completion.id.attempt,
                outcome: carrier.outcome(of: completion.result))
        }
        transport.withLock { $0 }?.events.answered(answers)
    }
}

/// Options that a provider can't work with.
package struct InvalidProviderOptions: Error, Hashable, Sendable, CustomStringConvertible {
    /// Fields are those of a provider's settings.
    package var violations: [FieldViolation]

    package init(violations: [FieldViolation]) {
        self.violations = violations
    }

    package var description: String {
        violations.map { "\($0.field) \($0.description)" }.joined(separator: "; ")
    }
}
