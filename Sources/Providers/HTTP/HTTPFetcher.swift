package import HTTPTransport
internal import Synchronization

/// Waits for answers to GET, for callers of which each asks for one thing. It follows no redirect.
package final class HTTPFetcher: HTTPCompletionHandler {
    private struct State {
        var session: HTTPSession?
        var waiting: [UInt64: CheckedContinuation<HTTPResult, Never>] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    package init(_ options: HTTPSessionOptions, client: HTTPClient) {
        let session = client.session(options, handler: self)
        state.withLock { $0.session = session }
    }

    /// - Returns: `notSent` after ``stop()``.
    package func get(_ url: String) async -> HTTPResult {
        await withCheckedContinuation { continuation in
            let begun = state.withLock { state -> (HTTPSession, UInt64)? in
                guard let session = state.session else { return nil }
                state.last += 1
                state.waiting[state.last] = continuation
                return (session, state.last)
            }
            guard let (session, number) = begun else { return continuation.resume(returning: Self.stopped) }
            session.submit([HTTPRequest(id: HTTPRequestID(number: number), url: url)])
        }
    }

    /// Nobody waits for anything any more.
    package func stop() {
        let (session, waiting) = state.withLock { state in
            defer {
                state.session = nil
                state.waiting = [:]
            }
            return (state.session, state.waiting.values)
        }
        session?.close()
        for continuation in waiting { continuation.resume(returning: Self.stopped) }
    }

    package func completed(_ completions: [HTTPCompletion]) {
        for completion in completions {
            state.withLock { $0.waiting.removeValue(forKey: completion.id.number) }?.resume(
                returning: completion.result)
        }
    }

    private static let stopped = HTTPResult.notSent(HTTPFailure(.canceled, "stopped"))
}
