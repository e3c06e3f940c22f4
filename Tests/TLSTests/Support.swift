import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TLS

/// Made by `Tests/Certificates/make`, once in a run: each suite awaits ``make()`` first.
enum Certificates {
    private static let directory =
        FileManager.default.temporaryDirectory.path + "/apus-tls-\(UInt64.random(in: 0 ... .max))"

    static func make() async throws { try await made.value }

    private static let made = Task {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Certificates/make").path
        atexit { try? FileManager.default.removeItem(atPath: Certificates.directory) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script)
        process.arguments = [directory]
        // It takes a while, during which the threads that run the tests must not wait.
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Unmade(status: status) }
    }

    struct Unmade: Error {
        var status: Int32
    }

    static func path(_ name: String) -> String { "\(directory)/\(name)" }

    static func server(
        _ name: String = "server", key: String = "leaf.key", _ configure: (inout TLSServerOptions) -> Void = { _ in }
    ) throws -> TLSContext {
        try TLSContext(server: serverOptions(name, key: key, configure))
    }

    static func serverOptions(
        _ name: String = "server", key: String = "leaf.key", _ configure: (inout TLSServerOptions) -> Void = { _ in }
    ) -> TLSServerOptions {
        var options = TLSServerOptions(protocols: ["apus/1"])
        options.certificate = path("\(name).pem")
        options.key = path(key)
        configure(&options)
        return options
    }

    static func client(
        _ name: String? = nil, serverName: String = "localhost",
        _ configure: (inout TLSClientOptions) -> Void = { _ in }
    ) throws -> TLSContext {
        var options = TLSClientOptions(protocols: ["apus/1"])
        options.ca = path("ca.pem")
        if let name {
            options.certificate = path("\(name).pem")
            options.key = path("leaf.key")
        }
        configure(&options)
        return try TLSContext(client: options, serverName: serverName)
    }
}

/// A client's and a server's session, with their bytes carried by hand.
struct SessionPair {
    let client: TLSSession
    let server: TLSSession

    init(client: TLSContext, server: TLSContext) {
        self.client = TLSSession(client)
        self.server = TLSSession(server)
    }

    struct Outcome {
        var client: Result<Bool, TLSError> = .success(false)
        var server: Result<Bool, TLSError> = .success(false)
        var isDone: Bool { (try? client.get()) == true && (try? server.get()) == true }
    }

    /// Carries bytes both ways until nothing moves, in pieces of at most this many.
    func handshake(piece: Int = .max) -> Outcome {
        var outcome = Outcome()
        func step(_ session: TLSSession, _ result: inout Result<Bool, TLSError>) {
            guard case .success(let isDone) = result else { return }
            do throws(TLSError) {
                if isDone {
                    // Tickets, alerts.
                    _ = try session.readAll()
                } else {
                    result = .success(try session.handshake())
                }
            } catch {
                result = .failure(error)
            }
        }
        step(client, &outcome.client)
        while client.outputBytes > 0 || server.outputBytes > 0 {
            for part in client.output().pieces(of: piece) {
                server.feed(part)
                step(server, &outcome.server)
            }
            for part in server.output().pieces(of: piece) {
                client.feed(part)
                step(client, &outcome.client)
            }
        }
        return outcome
    }
}

extension [UInt8] {
    func pieces(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: count, by: Swift.min(size, Swift.max(1, count))).map {
            self[$0..<Swift.min(count, $0 + Swift.min(size, count))]
        }
    }
}

extension TLSSession {
    func feed(_ bytes: some Collection<UInt8>) {
        Array(bytes).withUnsafeBytes { feed($0) }
    }

    func output() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: outputBytes)
        let count = bytes.withUnsafeMutableBytes { takeOutput(into: $0) }
        return Array(bytes[..<count])
    }

    func write(_ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// All that can be read now, and whether the peer's close_notify came.
    func readAll() throws(TLSError) -> (bytes: [UInt8], isClosed: Bool) {
        var all: [UInt8] = []
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: TLSSession.recordBytes, alignment: 1)
        defer { space.deallocate() }
        while true {
            switch try read(into: space) {
            case .bytes(let count): all += space[..<count]
            case .needsMore: return (all, false)
            case .closed: return (all, true)
            }
        }
    }
}

/// `openssl` as another process, with its input and output in the test's hands.
final class OpenSSL: @unchecked Sendable {
    // Sendable unchecked: what changes is touched under the lock alone.
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let seen = Mutex(Seen())

    private struct Seen {
        /// All that came so far.
        var text = ""
        /// The number of its characters that have been waited for.
        var found = 0
    }

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    func write(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
    func finishInput() throws { try input.fileHandleForWriting.close() }

    /// Waits until its output holds the text after what was waited for before; all of it so far.
    ///
    /// - Throws: if it ends before.
    @discardableResult
    func output(until text: String) async throws -> String {
        let (all, isFound) = await read { seen in
            guard let match = seen.text.dropFirst(seen.found).firstRange(of: text) else { return false }
            seen.found = seen.text.distance(from: seen.text.startIndex, to: match.upperBound)
            return true
        }
        guard isFound else { throw Missing(text: text, output: all) }
        return all
    }

    /// All its output until it ends.
    func rest() async -> String { await read { _ in false }.text }

    struct Missing: Error {
        var text: String
        var output: String
    }

    /// A test that is over ends the process too, so that nothing waits for its output.
    private func read(
        _ isEnough: @escaping @Sendable (inout Seen) -> Bool
    ) async -> (text: String, isEnough: Bool) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: reading blocks it.
                Thread.detachNewThread { [self] in
                    while true {
                        let (isOver, all) = seen.withLock { (isEnough(&$0), $0.text) }
                        if isOver { return continuation.resume(returning: (all, true)) }
                        let data = output.fileHandleForReading.availableData
                        if data.isEmpty { return continuation.resume(returning: (all, false)) }
                        seen.withLock { $0.text += String(decoding: data, as: UTF8.self) }
                    }
                }
            }
        } onCancel: {
            process.terminate()
        }
    }

    func exitCode() async -> Int32 {
        _ = await rest()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// Echoes lines, and closes after one that says "bye".
private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let record: EventRecord

    init(_ record: EventRecord) { self.record = record }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        if String(buffer: bytes).contains("bye") { context.close(mode: .output, promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        record.add(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { record.ended() }
}

/// What a connection told its last handler.
final class EventRecord: Sendable {
    private let errors = Mutex<[TLSError]>([])
    private let ends: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (ends, continuation) = AsyncStream.makeStream(of: Void.self) }

    func add(_ error: any Error) {
        if let error = error as? TLSError { errors.withLock { $0.append(error) } }
    }

    func ended() { continuation.yield() }

    /// Waits for the next connection's end, and gives all errors so far.
    func errorsAtEnd() async -> [TLSError] {
        for await _ in ends { break }
        return errors.withLock { $0 }
    }
}

/// A server of TLS on a port of this machine for `body`.
func withEcho(
    _ credentials: TLSServerCredentials, handshakeTimeout: TimeAmount = .seconds(10),
    _ body: (_ port: Int, EventRecord) async throws -> Void
) async throws {
    let record = EventRecord()
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    TLSHandler(credentials.current, handshakeTimeout: handshakeTimeout))
                try channel.pipeline.syncOperations.addHandler(Echo(record))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Void, any Error>
    do {
        try await body(server.localAddress?.port ?? 0, record)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    try await server.close()
    try result.get()
}
