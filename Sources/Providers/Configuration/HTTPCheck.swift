internal import HTTPTransport

/// Asks a carrier one question that changes nothing, and judges by its answer.
struct HTTPCheck: ProviderCheck {
    var client: HTTPClient
    var http: HTTPSessionOptions
    var request: HTTPRequest
    /// What an answer says, whatever its status.
    var judge: @Sendable (HTTPResponse) -> ProviderCheckResult

    func run() async -> ProviderCheckResult {
        var session: HTTPSession?
        let result = await withCheckedContinuation { continuation in
            session = client.session(http, handler: Asker(continuation))
            session?.submit([request])
        }
        session?.close()
        switch result {
        case .answered(let response): return judge(response)
        case .notSent(let failure), .unknown(let failure):
            return .inconclusive(code: failure.reason.rawValue, detail: failure.detail)
        }
    }

    private final class Asker: HTTPCompletionHandler {
        private let continuation: CheckedContinuation<HTTPResult, Never>

        init(_ continuation: CheckedContinuation<HTTPResult, Never>) {
            self.continuation = continuation
        }

        /// Called once, since there is one request.
        func completed(_ completions: [HTTPCompletion]) {
            for completion in completions { continuation.resume(returning: completion.result) }
        }
    }
}

/// The sandbox is always there.
struct SandboxCheck: ProviderCheck {
    func run() async -> ProviderCheckResult { .passed(detail: "the sandbox needs no account") }
}
