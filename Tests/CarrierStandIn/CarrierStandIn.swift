internal import ArgumentParser
internal import Glibc
internal import NIOPosix

/// A carrier on this machine, for tests and benchmarks: Twilio's resource `Messages`, as strict as the real one, with
/// the faults that carriers have, status callbacks that are signed, repeated, out of order and forged, and a ledger of
/// what it took.
///
/// It prints `ready http=http://127.0.0.1:PORT` once it serves, and serves until it is killed. `GET /ledger` tells what
/// it took so far, and `GET /progress` how much. Where callbacks are held, `POST /callbacks?at=URL` posts them.
@main
struct CarrierStandIn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carrierstandin", abstract: "Stands in for Twilio, keeping account of what it took.")

    @Option(help: "Where it listens; 0 = any free port.") var port = 0
    @Option(help: "The account's SID.") var account = "AC0123456789abcdef0123456789abcdef"
    @Option(help: "The account's auth token.") var token = "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4"
    @Option(help: "Of all that is left to chance.") var seed: UInt64 = 1
    @Option(help: "How long an answer takes.") var latencyMs: Int64 = 0
    @Option(help: "An error code of Twilio's: nothing is taken, all is refused with it.") var reject: Int?
    @Option(help: "After this many messages it is out of reach for a while.") var outageAfter: Int?
    @Option(help: "How long it is out of reach.") var outageSeconds: Int64 = 5
    @Option(help: "Times that a callback is posted which meets no answer, or a 5xx.") var callbackAttempts = 20
    @Option(help: "Connections that callbacks are posted over, one at a time on each.") var callbackConnections = 16
    @Flag(help: "Posts a message's last callback alone, and that only once asked for: to a server that is named then.")
    var holdCallbacks = false
    @Option(help: "The share of requests that are throttled, 0 to 1, whatever their number.") var throttledShare = 0.0
    @Option(help: "The share of requests that are answered 500 without being taken, 0 to 1.") var failedShare = 0.0
    @Flag(help: "Errors of these shares take as long as other answers.") var slowErrors = false
    @Flag(help: "Throttles the first request.") var throttleFirst = false
    @Option(help: "Messages a second that it takes; more are throttled. 0 = no bound.") var rate = 0.0
    @Option(help: "Messages that it takes at once where it has a rate.") var burst = 1.0
    @Option(help: "Messages that it takes while as many are under way; more are throttled. 0 = no bound.")
    var concurrency = 0
    @Option(help: "Seconds to retry after, in throttled answers.") var retryAfter: Int?
    @Option(help: "A sender whose queue is full: its messages are answered 21611.") var fullSender: String?
    @Flag(help: "Throttles, fails, loses answers, and posts callbacks twice, out of order and forged.")
    var faults = false
    @Flag(help: "Takes every message and answers 500; then tells that it was sent, and no more.")
    var takeAndFail = false

    func run() async throws {
        var rules = AccountRules(account: account, token: token, seed: seed)
        rules.latency = latencyMs
        rules.reject = reject
        rules.shares = faults ? .usual : FaultShares()
        rules.callbacks = faults ? .usual : CallbackShares()
        if takeAndFail {
            rules.shares.failedTaken = 1
            rules.callbacks.isSentOnly = true
        }
        rules.areCallbacksHeld = holdCallbacks
        rules.limits = CarrierLimits(
            throttledShare: throttledShare, failedShare: failedShare, areErrorsSlow: slowErrors,
            isFirstThrottled: throttleFirst, rate: rate, burst: burst, concurrency: concurrency,
            retryAfterSeconds: retryAfter, fullSender: fullSender)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let outage = outageAfter.map { Outage(after: $0, milliseconds: outageSeconds * 1000) }
        let loop = group.next()
        let poster = CallbackPoster(on: loop, attempts: callbackAttempts, connections: callbackConnections)
        let server = CarrierServer(rules, outage: outage, poster: poster, on: loop)
        let port = try await server.listen(port)
        print("ready http=http://127.0.0.1:\(port)")
        fflush(nil)
        // Until it is killed: an outage closes the listener, not the group.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

/// A while in which connections end and new ones are refused.
struct Outage {
    /// Messages that were taken before it.
    var after: Int
    var milliseconds: Int64
}
