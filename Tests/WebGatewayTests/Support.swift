internal import Admission
internal import Engine
internal import Foundation
internal import GatewayTestKit
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Providers
internal import Storage
internal import Synchronization
internal import TLS

@testable internal import GatewayCore
@testable internal import WebGateway

/// A carrier's proof that keeps what it gets and believes it, without news; what it holds waits for ``release()``.
final class ScriptedIntake: Sendable {
    struct Received: Sendable {
        var provider: String
        var request: WebhookRequest
    }

    private struct State {
        var received: [Received] = []
        var held: [CheckedContinuation<Void, Never>] = []
        var holds: Bool
    }

    /// The value of one provider.
    private struct Receiver: WebhookReceiver {
        let intake: ScriptedIntake
        let provider: String

        func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult {
            await intake.receive(request, for: provider)
            return .believed([], intake.answer)
        }
    }

    private let state: Mutex<State>
    private let answer: WebhookAnswer

    init(
        holds: Bool = false, answer: WebhookAnswer = WebhookAnswer(status: 200, contentType: "text/plain", body: "ok")
    ) {
        self.answer = answer
        state = Mutex(State(holds: holds))
    }

    /// The one name that no provider has.
    static let nobody = "nobody"

    /// Every other provider has this receiver.
    func ingress() throws -> CarrierIngress {
        let directory = TemporaryDirectory()
        let log = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
        let clock = GatewayClock(log: log)
        let writer = try Writer(
            store: try SQLiteMessageStore(directory: directory.path, now: clock.now()) { _ in }, providers: [],
            suppressions: SuppressionList(), options: WriterOptions(), clock: clock, log: GatewayLog(log))
        return CarrierIngress(
            source: { [self, directory] provider in
                guard provider != Self.nobody else { return nil }
                return withExtendedLifetime(directory) { (Receiver(intake: self, provider: provider), 1) }
            }, writer: writer, clock: clock, log: GatewayLog(log))
    }

    var received: [Received] { state.withLock(\.received) }

    private func receive(_ request: WebhookRequest, for provider: String) async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                state.received.append(Received(provider: provider, request: request))
                if state.holds { state.held.append(continuation) }
                return state.holds
            }
            if !isHeld { continuation.resume() }
        }
    }

    /// Returns once this many have come in all.
    func wait(_ count: Int) async throws {
        try await until { received.count >= count }
    }

    func release() {
        let held = state.withLock { state in
            defer {
                state.held = []
                state.holds = false
            }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

/// A server for `body`, stopped at its end.
func withServer(
    on address: String = "http:127.0.0.1:0", intake: ScriptedIntake = ScriptedIntake(),
    _ configure: (inout WebServerOptions) throws -> Void = { _ in },
    _ body: (WebServer, ScriptedIntake) async throws -> Void
) async throws {
    var options = WebServerOptions()
    options.linger = .milliseconds(500)
    try configure(&options)
    let server = try await WebServer.listen(
        on: [try WebAddress(parsing: address)], eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
        options: options, carriers: try intake.ingress(), health: { .good },
        log: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
    let result: Result<Void, any Error>
    do {
        try await body(server, intake)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    intake.release()
    await server.shutDown(grace: .milliseconds(1))
    try result.get()
}

extension WebServer {
    var port: Int { addresses[0].port }
}

/// A connection without any manners.
final class RawClient: Sendable {
    struct Closed: Error {}

    struct Response: Equatable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    private let channel: any Channel
    private let incoming: AsyncStream<[UInt8]>
    private let buffer = Mutex<[UInt8]>([])

    init(_ server: WebServer, host: String = "127.0.0.1") async throws {
        let (incoming, arrived) = AsyncStream<[UInt8]>.makeStream()
        self.incoming = incoming
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Arrivals(arrived))
                }
            }.connect(host: host, port: server.port).get()
    }

    deinit {
        channel.close(promise: nil)
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// No more will be sent.
    func finish() async throws { try await channel.close(mode: .output).get() }

    func close() async throws { try await channel.close().get() }

    /// No longer takes what comes.
    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// What comes until the server has closed.
    func receiveToEnd() async -> String {
        for await bytes in incoming { buffer.withLock { $0 += bytes } }
        return String(decoding: buffer.withLock { $0 }, as: UTF8.self)
    }

    /// The next whole answer.
    ///
    /// - Parameter hasBody: false where a HEAD was asked.
    func response(hasBody: Bool = true) async throws -> Response {
        while true {
            if let response = buffer.withLock({ Self.take(from: &$0, hasBody: hasBody) }) { return response }
            guard let bytes = await incoming.first(where: { _ in true }) else { throw Closed() }
            buffer.withLock { $0 += bytes }
        }
    }

    func ask(_ text: String) async throws -> Response {
        try await send(text)
        return try await response()
    }

    private static func take(from bytes: inout [UInt8], hasBody: Bool) -> Response? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var response = Response(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: [:], body: "")
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            response.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = hasBody ? response.headers["content-length"].flatMap { Int($0) } ?? 0 : 0
        guard bytes.count >= end.upperBound + length else { return nil }
        response.body = String(decoding: bytes[end.upperBound..<end.upperBound + length], as: UTF8.self)
        bytes.removeFirst(end.upperBound + length)
        return response
    }
}

private final class Arrivals: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let arrived: AsyncStream<[UInt8]>.Continuation

    init(_ arrived: AsyncStream<[UInt8]>.Continuation) {
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived.yield(Array(unwrapInboundIn(data).readableBytesView))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { arrived.finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { arrived.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A request as text.
func request(
    _ method: String = "POST", _ target: String = "/webhooks/twilio", host: String? = "sms.example.com",
    headers: [String] = [], body: String = "", version: String = "1.1"
) -> String {
    var lines = ["\(method) \(target) HTTP/\(version)"]
    if let host { lines.append("Host: \(host)") }
    lines += headers
    if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
    return (lines + ["", body]).joined(separator: "\r\n")
}

/// A private CA, made once in a run.
enum TestCertificates {
    private static let directory: String = {
        let directory = FileManager.default.temporaryDirectory.path + "/apus-web-\(UInt64.random(in: 0 ... .max))"
        do {
            let authority = try PrivateAuthority(directory: directory)
            try authority.issue("server", usage: .server, hosts: ["127.0.0.1", "::1"])
        } catch {
            preconditionFailure("no certificates: \(error)")
        }
        atexit { try? FileManager.default.removeItem(atPath: TestCertificates.directory) }
        return directory
    }()

    static var authority: String { "\(directory)/ca.pem" }

    static func credentials() throws -> TLSServerCredentials {
        var options = TLSServerOptions(protocols: [WebServer.tlsProtocol])
        options.certificate = "\(directory)/server.pem"
        options.key = "\(directory)/server.key"
        return try TLSServerCredentials(options)
    }
}

/// curl's output, status line and headers included.
func curl(_ arguments: String...) async throws -> (exit: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["curl", "--silent", "--include", "--max-time", "30", "--noproxy", "*"] + arguments
    process.standardOutput = output
    try process.run()
    // The threads that run the tests must not wait.
    let text = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            let data = try? output.fileHandleForReading.readToEnd()
            process.waitUntilExit()
            continuation.resume(returning: String(decoding: data ?? Data(), as: UTF8.self))
        }
    }
    return (process.terminationStatus, text)
}

extension GatewayHealth {
    static let good = GatewayHealth(isAccepting: true, isDispatching: true, checks: [])
    static let bad = GatewayHealth(isAccepting: false, isDispatching: true, checks: [])
}
