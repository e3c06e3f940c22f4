import Foundation
import HTTPTransport
import Synchronization
import TLS

/// Keeps what completes, and lets a test wait for it.
final class CompletionLog: HTTPCompletionHandler {
    private struct State {
        var bursts: [[HTTPCompletion]] = []
        var waiter: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        var count: Int { bursts.reduce(0) { $0 + $1.count } }
    }

    private let state = Mutex(State())

    var bursts: [[HTTPCompletion]] { state.withLock { $0.bursts } }
    var results: [UInt64: HTTPResult] {
        Dictionary(uniqueKeysWithValues: bursts.joined().map { ($0.id.number, $0.result) })
    }

    func completed(_ completions: [HTTPCompletion]) {
        let done = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.bursts.append(completions)
            guard let waiter = state.waiter, state.count >= waiter.count else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        done?.resume()
    }

    /// Returns once this many have come in all.
    func wait(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count >= count { return true }
                state.waiter = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

/// A client with one session.
struct Fixture {
    let client = HTTPClient()
    let log = CompletionLog()
    let session: HTTPSession

    init(_ configure: (inout HTTPSessionOptions) -> Void = { _ in }) {
        var options = HTTPSessionOptions()
        options.connectTimeout = 5000
        options.timeout = 20_000
        configure(&options)
        session = client.session(options, handler: log)
    }

    /// The result of one request, which is numbered on.
    func result(_ request: HTTPRequest) async -> HTTPResult {
        let before = log.bursts.reduce(0) { $0 + $1.count }
        session.submit([request])
        await log.wait(before + 1)
        return log.bursts.last!.last!.result
    }
}

func post(_ url: String, number: UInt64 = 1, body: String = "To=1&Body=hello") -> HTTPRequest {
    HTTPRequest(
        id: HTTPRequestID(number: number), method: .post, url: url,
        headers: [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")], body: Array(body.utf8))
}

extension HTTPResult {
    var status: Int? { if case .answered(let response) = self { response.status } else { nil } }
    var notSent: HTTPFailure.Reason? { if case .notSent(let failure) = self { failure.reason } else { nil } }
    var unknown: HTTPFailure.Reason? { if case .unknown(let failure) = self { failure.reason } else { nil } }
}

/// Certificates for 127.0.0.1, and for elsewhere, made once in a run.
enum TestCertificates {
    private static let directory: String = {
        let directory = FileManager.default.temporaryDirectory.path + "/apus-http-\(UInt64.random(in: 0 ... .max))"
        do {
            for name in ["trusted", "other"] {
                let authority = try PrivateAuthority(directory: "\(directory)-\(name)")
                try authority.issue("server", usage: .server, hosts: ["127.0.0.1"])
                try authority.issue("elsewhere", usage: .server, hosts: ["other.example"])
            }
        } catch {
            preconditionFailure("no certificates: \(error)")
        }
        atexit {
            for name in ["trusted", "other"] {
                try? FileManager.default.removeItem(atPath: "\(TestCertificates.directory)-\(name)")
            }
        }
        return directory
    }()

    static func authority(_ name: String = "trusted") -> String { "\(directory)-\(name)/ca.pem" }

    static func server(_ name: String = "server", minimum: TLSVersion = .v12) throws -> TLSContext {
        var options = TLSServerOptions(protocols: ["http/1.1"])
        options.certificate = "\(directory)-trusted/\(name).pem"
        options.key = "\(directory)-trusted/\(name).key"
        options.minimumVersion = minimum
        return try TLSContext(server: options)
    }
}
