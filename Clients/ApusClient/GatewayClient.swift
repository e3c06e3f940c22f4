internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// A client of an Apus gateway. It may be used from any task, by many at a time: their calls share one connection.
///
/// It connects at the first call, and anew whenever the connection is lost. Each call has a deadline, within which it
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

    // MARK: For the methods

    /// One call with all its tries.
    ///
    /// - Parameters:
    ///   - key: an idempotency key; "" = none.
    ///   - isRepeatable: a second run has no effect that the first had not.
    ///   - timeout: nil = the configuration's.
    func call<Request: WireMessage & Sendable, Response: WireMessage & Sendable>(
        _ method: RPCMethod, _ request: Request, as response: Response.Type = Response.self, key: String = "",
        isRepeatable: Bool = true, timeout: Duration? = nil
    ) async throws(ApusError) -> Response {
        try await run(isRepeatable: isRepeatable, timeout: timeout) { connection, attempt, time, completion in
            var metadata = RequestMetadata()
            metadata.attempt = attempt
            var key = key
            return key.withUTF8 { bytes in
                metadata.idempotencyKey = UnsafeRawBufferPointer(bytes)
                return connection.call(
                    method, request, metadata: metadata, timeout: time, completion: completion)
            }
        } decode: { reply throws(GatewayError) in
            try reply.decode(Response.self)
        }
    }

    /// What the gateway said when the connection was made.
    func hello(timeout: Duration?) async throws(ApusError) -> ServerHello {
        let hello = LoopBox<ServerHello>()
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
        let result = LoopBox<CheckedContinuation<Result<Response, GatewayError>, Never>>()
        let call = PendingCall(deadline: deadline, isRepeatable: isRepeatable, begin: begin) { reply in
            let outcome: Result<Response, GatewayError>
            do throws(GatewayError) {
                outcome = .success(try decode(reply))
            } catch {
                outcome = .failure(error)
            }
            if let continuation = result.value {
                continuation.resume(returning: outcome)
            } else {
                result.early = outcome
            }
        }
        let keeper = keeper
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                keeper.eventLoop.execute {
                    // Cancelled before it began.
                    if let early = result.early as? Result<Response, GatewayError> {
                        continuation.resume(returning: early)
                        return
                    }
                    result.value = continuation
                    keeper.begin(call)
                }
            }
        } onCancel: {
            keeper.eventLoop.execute { keeper.cancel(call) }
        }
        switch outcome {
        case .success(let response): return response
        case .failure(let error): throw ApusError(error)
        }
    }
}

/// A place that is written and read on one event loop.
///
/// Sendable unchecked: only the reference travels.
private final class LoopBox<Value>: @unchecked Sendable {
    var value: Value?
    /// A result that came before anybody waited for it.
    var early: Any?
}
