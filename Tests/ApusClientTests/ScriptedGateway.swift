import Foundation
import NIOCore
import NIOPosix
import RPCTransport
import RPCWire
import SMSModel
import Synchronization

@testable import ApusClient

/// A gateway in this process that answers as a test tells it to.
final class ScriptedGateway: Sendable {
    /// What came in.
    struct Call: Sendable {
        var method: RPCMethod?
        var key: String
        var attempt: UInt32
        var timeoutMilliseconds: UInt32
        var send: SendRequest?
        var bulk: BulkRequest?
        var status: StatusRequest?
        var list: ListRequest?
        var requestID: String
        var traceparent: String
        /// From 1, in the order of arrival.
        var number: Int
        /// The frame's payload and metadata.
        var bytes: Int
    }

    enum Answer: Sendable {
        case message(any WireMessage & Sendable)
        case error(GatewayError)
        /// The message, once ``Record/releaseHeld()`` has been called.
        case held(any WireMessage & Sendable)
        case nothing
    }

    typealias Script = @Sendable (Call) -> Answer

    let address: ServerAddress
    private let server: RPCServer
    private let record: Record

    /// Outlives a restart of the gateway.
    final class Record: Sendable {
        private struct State {
            var calls: [Call] = []
            var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
            /// Answers not given yet; nil = none is held back any more.
            var held: [@Sendable () -> Void]? = []
        }

        private let state = Mutex(State())
        let script: Script
        let key: String

        init(key: String, _ script: @escaping Script) {
            self.key = key
            self.script = script
        }

        var calls: [Call] { state.withLock(\.calls) }

        /// Returns once this many calls have come in.
        func waitForCalls(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.calls.count >= count { return true }
                    state.waiters.append((count, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        }

        /// Gives the answers that are held, and holds none from now on.
        func releaseHeld() {
            let held = state.withLock { state in
                defer { state.held = nil }
                return state.held ?? []
            }
            for answer in held { answer() }
        }

        fileprivate func hold(_ answer: @escaping @Sendable () -> Void) {
            let isHeld = state.withLock { $0.held?.append(answer) != nil }
            if !isHeld { answer() }
        }

        fileprivate func add(_ call: Call) -> Call {
            let (call, ready) = state.withLock { state in
                var call = call
                call.number = state.calls.count + 1
                state.calls.append(call)
                let ready = state.waiters.filter { $0.count <= call.number }
                state.waiters.removeAll { $0.count <= call.number }
                return (call, ready)
            }
            for waiter in ready { waiter.continuation.resume() }
            return call
        }
    }

    private init(address: ServerAddress, server: RPCServer, record: Record) {
        self.address = address
        self.server = server
        self.record = record
    }

    static func start(
        at path: String, record: Record, configure: (inout RPCServerOptions) -> Void = { _ in }
    ) async throws -> ScriptedGateway {
        var options = RPCServerOptions(serverID: "scripted", serverAgent: "test")
        configure(&options)
        let address = ServerAddress.unix(path: path)
        let server = try await RPCServer.listen(
            on: [address], group: MultiThreadedEventLoopGroup.singleton, options: options
        ) { _ in Service(record) }
        return ScriptedGateway(address: address, server: server, record: record)
    }

    /// GOAWAY, then the connections are cut after `grace`.
    func stop(grace: TimeAmount = .zero) async {
        await server.shutDown(reason: "the test stops the gateway", grace: grace)
    }

    private final class Service: RPCService {
        private final class Principal: Sendable {}
        private let record: Record

        init(_ record: Record) { self.record = record }

        func authenticate(
            _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
        ) throws(GatewayError) -> RPCAuthentication {
            guard String(decoding: credential, as: UTF8.self) == record.key else {
                throw GatewayError(.unauthenticated, "the key is not known")
            }
            return .principal(Principal())
        }

        func requestReceived(_ request: RPCRequest, on connection: RPCServerConnection) {
            let method = RPCMethod(rawValue: request.method)
            let call = record.add(
                Call(
                    method: method, key: String(decoding: request.metadata.idempotencyKey, as: UTF8.self),
                    attempt: request.metadata.attempt, timeoutMilliseconds: request.metadata.timeoutMilliseconds,
                    send: method == .send ? try? request.decode(SendRequest.self) : nil,
                    bulk: method == .bulk ? try? request.decode(BulkRequest.self) : nil,
                    status: method == .status ? try? request.decode(StatusRequest.self) : nil,
                    list: method == .list ? try? request.decode(ListRequest.self) : nil,
                    requestID: String(decoding: request.metadata.requestID, as: UTF8.self),
                    traceparent: String(decoding: request.metadata.traceparent, as: UTF8.self), number: 0,
                    bytes: request.payload.count))
            switch record.script(call) {
            case .message(let message): connection.respond(callID: request.callID, message)
            case .error(let error): connection.respond(callID: request.callID, error: error)
            case .held(let message):
                let loop = connection.loop.eventLoop
                let bound = NIOLoopBound(connection, eventLoop: loop)
                let callID = request.callID
                record.hold {
                    loop.execute {
                        bound.value.respond(callID: callID, message)
                        bound.value.loop.flush()
                    }
                }
            case .nothing: break
            }
        }

        func burstEnded() {}
    }
}

/// Runs `body` with a gateway that answers by `script`, and a client of it.
func withGateway(
    configure: (inout ClientConfiguration) -> Void = { _ in },
    script: @escaping ScriptedGateway.Script,
    body: (GatewayClient, ScriptedGateway.Record, ScriptedGateway) async throws -> Void
) async throws {
    let path = SocketPath.new()
    let record = ScriptedGateway.Record(key: "apus_test", script)
    let gateway = try await ScriptedGateway.start(at: path, record: record)
    var configuration = ClientConfiguration(address: .unix(path: path), key: "apus_test")
    configuration.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
    configure(&configuration)
    let client = GatewayClient(configuration: configuration)
    do {
        try await body(client, record, gateway)
    } catch {
        await client.close()
        await gateway.stop()
        throw error
    }
    await client.close()
    await gateway.stop()
}

enum SocketPath {
    static func new() -> String {
        FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max)).sock"
    }
}

extension SendResponse {
    static func accepted(_ id: UInt64 = 1, duplicate: Bool = false) -> SendResponse {
        SendResponse(
            id: SMSModel.MessageID(rawValue: id), state: .queued, duplicate: duplicate, segments: 1, encoding: .gsm7)
    }
}
