/// What most programs ask of a gateway, so that their own tests can put a fake in its place.
///
/// ``GatewayClient`` is the real one, and documents what each does.
public protocol MessageGateway: Sendable {
    func send(
        _ message: OutgoingMessage, idempotencyKey: String?, timeout: Duration?
    ) async throws(ApusError) -> SendReceipt

    func status(of ids: [MessageID], timeline: Bool, timeout: Duration?) async throws(ApusError) -> StatusReport

    func status(of batch: BatchReference, timeout: Duration?) async throws(ApusError) -> BatchStatus

    func waitUntilSettled(_ ids: [MessageID], timeout: Duration) async throws(ApusError) -> StatusReport

    func cancel(_ ids: [MessageID], timeout: Duration?) async throws(ApusError) -> CancelReport
}

extension GatewayClient: MessageGateway {}
