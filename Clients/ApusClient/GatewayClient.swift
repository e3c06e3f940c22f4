internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// A client of an Apus gateway. It may be used from any task, by many at a time: their calls share one connection.
///
/// It connects at the first call, and again whenever the connection is lost. Each call has a deadline, within which it
/// is repeated where that is surely safe: the gateway took nothing, or a repeat changes nothing. A cancelled task
/// cancels its call; a message that was accepted before stays accepted.
///
/// ```swift
/// let client = GatewayClient(configuration: ClientConfiguration(address: .unix(path: path), key: key))
/// let receipt = try await client.send(OutgoingMessage(to: "+14155550100", body: "Hello"))
/// await client.close()
/// ```
public final class GatewayClient: Sendable {
    public let configuration: ClientConfiguration
    private let keeper: ConnectionKeeper

    /// Nothing happens before the first call.
    public init(configuration: ClientConfiguration) {
        self.configuration = configuration
        keeper = ConnectionKeeper(
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(), configuration: configuration)
    }

    deinit {
        keeper.eventLoop.execute { [keeper] in keeper.close() }
    }

    /// A client that has reached its gateway.
    ///
    /// - Throws: UNAVAILABLE if there is none within the time-out, UNAUTHENTICATED if the key is refused.
    public static func connect(to configuration: ClientConfiguration) async throws(ApusError) -> GatewayClient {
        let client = GatewayClient(configuration: configuration)
        _ = try await client.hello(timeout: nil)
        return client
    }

    /// Closes the connection. Calls in flight fail with UNAVAILABLE, as does every later one.
    public func close() async {
        let keeper = keeper
        _ = try? await keeper.eventLoop.submit { keeper.close() }.get()
    }

    /// Keeps the client until the task is cancelled, then closes it: what a service of ServiceLifecycle does.
    /// `extension GatewayClient: @retroactive Service {}` makes it one.
    public func run() async throws {
        // Ends at the task's cancellation alone.
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
        await close()
    }

    // MARK: For the methods

    /// One call with all its tries.
    ///
    /// - Parameters:
    ///   - key: an idempotency key; "" = none.
    ///   - isDryRun: the request changes nothing, though the method may.
    ///   - timeout: nil = the configuration's.
    func call<Request: WireMessage & Sendable, Response: WireMessage & Sendable>(
        _ method: RPCMethod, _ request: Request, as response: Response.Type = Response.self, key: String = "",
        isDryRun: Bool = false, timeout: Duration? = nil
    ) async throws(ApusError) -> Response {
        let isRepeatable = method.isRepeatable(key: key, isDryRun: isDryRun)
        let context = CallContext.current ?? CallContext()
        return try await run(isRepeatable: isRepeatable, timeout: timeout) { connection, attempt, time, completion in
            var metadata = RequestMetadata()
            metadata.attempt = attempt
            return withBytes(key, context.requestID, context.traceparent) { key, requestID, traceparent in
                metadata.idempotencyKey = key
                metadata.requestID = requestID
                metadata.traceparent = traceparent
                return connection.call(
                    method, request, metadata: metadata, timeout: time, completion: completion)
            }
        } decode: { reply throws(GatewayError) in
            try reply.decode(Response.self)
        }
    }

    /// What the gateway said when the connection was made.
    func hello(timeout: Duration?) async throws(ApusError) -> ServerHello {
        let hello = HelloBox()
        return try await run(isRepeatable: true, timeout: timeout) { connection, _, _, completion in
            hello.value = connection.hello
            completion(.message(UnsafeRawBufferPointer(start: nil, count: 0), MessageArena()))
            return 0
        } decode: { reply throws(GatewayError) in
            guard case .message = reply, let hello = hello.value else {
                _ = try reply.decode(ServerHello.self)
                throw GatewayError(.unavailable, "there is no connection")
            }
            return hello
        }
    }

    private func run<Response: Sendable>(
        isRepeatable: Bool, timeout: Duration?, begin: @escaping PendingCall.Begin,
        decode: @escaping (RPCReply) throws(GatewayError) -> Response
    ) async throws(ApusError) -> Response {
        let deadline = NIODeadline.now() + TimeAmount(timeout ?? configuration.timeout)
        let result = CallResult<Response>()
        let call = PendingCall(deadline: deadline, isRepeatable: isRepeatable, begin: begin) { reply in
            do throws(GatewayError) {
                result.set(.success(try decode(reply)))
            } catch {
                result.set(.failure(error))
            }
        }
        let keeper = keeper
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                keeper.eventLoop.execute {
                    result.deliver(to: continuation)
                    keeper.begin(call)
                }
            }
        } onCancel: {
            keeper.eventLoop.execute { keeper.cancel(call) }
        }
        switch outcome {
        case .success(let response): return response
        case .failure(let error):
            var thrown = ApusError(error)
            if error.code == .cancelled, Task.isCancelled { thrown.cause = CancellationError() }
            throw thrown
        }
    }
}

/// A call's outcome on its way to the task that waits for it.
///
/// Sendable unchecked: only the reference travels, the state is touched on one event loop.
private final class CallResult<Response: Sendable>: @unchecked Sendable {
    typealias Outcome = Result<Response, GatewayError>

    private var continuation: CheckedContinuation<Outcome, Never>?
    /// An outcome that came first: the task was cancelled before the call began.
    private var early: Outcome?

    func set(_ outcome: Outcome) {
        if let continuation { continuation.resume(returning: outcome) } else { early = outcome }
    }

    func deliver(to continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation = continuation
        if let early { continuation.resume(returning: early) }
    }
}

/// Carries a HELLO past a call's reply.
///
/// Sendable unchecked: only the reference travels, the state is touched on one event loop.
private final class HelloBox: @unchecked Sendable {
    var value: ServerHello?
}
