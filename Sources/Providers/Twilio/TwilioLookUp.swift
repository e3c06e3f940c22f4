internal import FoundationEssentials
package import HTTPTransport
internal import SMSModel
internal import Synchronization

/// Asks Twilio whether it took messages whose answers were lost, and what became of those that it took. For the few: it
/// has a session of its own, with few connections.
package final class TwilioLookUp: MessageLookUp {
    /// Read of one recipient's newest messages.
    package static let pageMessages = 50
    /// Between our clock and Twilio's.
    package static let clockSkewMilliseconds: Int64 = 60_000

    private struct State {
        var session: HTTPSession?
        var lastNumber: UInt64 = 0
        /// What the results of requests are told to, by the requests' numbers.
        var asked: [UInt64: @Sendable (HTTPResult) -> Void] = [:]

        /// - Parameter request: is given its number.
        mutating func ask(
            _ request: (UInt64) -> HTTPRequest, _ answered: @escaping @Sendable (HTTPResult) -> Void
        ) {
            lastNumber += 1
            asked[lastNumber] = answered
            session?.submit([request(lastNumber)])
        }
    }

    private let requests: TwilioRequests
    private let state = Mutex(State())

    package init(_ options: TwilioOptions, client: HTTPClient) {
        requests = TwilioRequests(options)
        var http = options.http
        http.connections = Limits.lookUpsUnderWay + Limits.receiptLookUpsUnderWay
        let session = client.session(http, handler: self)
        state.withLock { $0.session = session }
    }

    /// - Parameter answer: called once, on the client's thread, unless it is stopped before.
    package func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void) {
        let since = question.begun - Self.clockSkewMilliseconds
        state.withLock { state in
            state.ask({ requests.list(number: $0, to: question.recipient, since: since) }) { result in
                answer(Self.answer(to: question, result))
            }
        }
    }

    package func askStatus(of providerID: String, answer: @escaping @Sendable (StatusAnswer) -> Void) {
        // It stands in the URL's path.
        guard TwilioOptions.isSID(providerID, "SM", "MM") else { return answer(.unknown) }
        state.withLock { state in
            state.ask({ requests.fetch(number: $0, sid: providerID) }) { answer(TwilioResource.status(in: $0)) }
        }
    }

    package func stop() {
        let session = state.withLock { state in
            state.asked.removeAll()
            return state.session.take()
        }
        session?.close()
    }

    // MARK: The answer

    private struct Page: Decodable {
        struct Message: Decodable {
            var sid: String
            var body: String?
            var direction: String?
            var dateCreated: String?
            var status: String?
            var errorCode: Int?

            enum CodingKeys: String, CodingKey {
                case sid, body, direction, status
                case dateCreated = "date_created"
                case errorCode = "error_code"
            }

            var found: LookUpAnswer {
                let code = errorCode.map(String.init)
                return .found(providerID: sid, status: status.map { TwilioStatus.receipt($0, errorCode: code) })
            }
        }

        var messages: [Message]
        var nextPage: String?

        enum CodingKeys: String, CodingKey {
            case messages
            case nextPage = "next_page_uri"
        }
    }

    package static func answer(to question: LookUpQuestion, _ result: HTTPResult) -> LookUpAnswer {
        switch result {
        case .notSent(let failure), .unknown(let failure): return .failed(code: failure.reason.rawValue)
        case .answered(let response):
            guard response.status == 200, !response.isBodyCut,
                let page = try? JSONDecoder().decode(Page.self, from: Data(response.body))
            else { return .failed(code: "HTTP_\(response.status)") }
            return answer(to: question, page)
        }
    }

    private static func answer(to question: LookUpQuestion, _ page: Page) -> LookUpAnswer {
        let begin = question.begun - clockSkewMilliseconds
        let end = question.ended + clockSkewMilliseconds
        let candidates = page.messages.filter { message in
            guard message.direction?.hasPrefix("outbound") ?? true, !question.knownIDs.contains(message.sid) else {
                return false
            }
            // One without a time that can be read may be it.
            guard let created = message.dateCreated.flatMap(UTCDate.milliseconds(rfc2822:)) else { return true }
            return (begin...max(begin, end)).contains(created)
        }
        // A Messaging Service may change the text.
        if candidates.count == 1, candidates[0].body == question.body { return candidates[0].found }
        if candidates.isEmpty, page.nextPage == nil { return .nothing }
        let same = candidates.filter { $0.body == question.body }
        return same.count == 1 && page.nextPage == nil
            ? same[0].found : .ambiguous(providerIDs: candidates.map(\.sid))
    }
}

extension TwilioLookUp: HTTPCompletionHandler {
    package func completed(_ completions: [HTTPCompletion]) {
        for completion in completions {
            let answered = state.withLock { $0.asked.removeValue(forKey: completion.id.number) }
            answered?(completion.result)
        }
    }
}
