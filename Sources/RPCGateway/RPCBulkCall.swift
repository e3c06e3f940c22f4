internal import Engine
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// A Bulk that waits for its turn: a copy of its payload, which is decoded into the loop's arena when the turn has come.
final class RPCBulkCall: BulkCall {
    private let loop: RPCLoop
    private let connection: RPCConnectionID
    private let callID: UInt32
    private let arena: MessageArena
    private var payload: [UInt8]
    /// The request's id and trace context, one after the other.
    private let texts: UnsafeMutableRawBufferPointer
    private let requestIDBytes: Int
    private var view: BulkRequestView?

    /// - Parameter arena: for one call at a time.
    init(_ request: RPCRequest, on connection: RPCServerConnection, _ loop: RPCLoop, _ arena: MessageArena) {
        self.loop = loop
        self.connection = connection.id
        callID = request.callID
        self.arena = arena
        payload = Array(request.payload)
        let (requestID, traceparent) = (request.metadata.requestID, request.metadata.traceparent)
        requestIDBytes = requestID.count
        texts = .allocate(byteCount: requestID.count + traceparent.count, alignment: 1)
        texts.copyBytes(from: requestID)
        UnsafeMutableRawBufferPointer(rebasing: texts[requestID.count...]).copyBytes(from: traceparent)
    }

    deinit { texts.deallocate() }

    private var requestID: UnsafeRawBufferPointer { .init(rebasing: texts[..<requestIDBytes]) }
    private var traceparent: UnsafeRawBufferPointer { .init(rebasing: texts[requestIDBytes...]) }

    var trace: MessageTrace { MessageTrace(requestID: requestID, traceparent: traceparent) }

    func open() throws(GatewayError) -> BulkHeader {
        // All of it is in the arena then.
        defer { payload = [] }
        let view = try payload.withUnsafeBufferPointer { (bytes) throws(GatewayError) in
            try BulkRequestView(decoding: UnsafeRawBufferPointer(bytes), arena: arena)
        }
        self.view = view
        return BulkHeader(
            batch: String(decoding: view.batch, as: UTF8.self), firstIndex: view.firstIndex, count: view.count,
            isDryRun: view.isDryRun, template: view.template.map(traced))
    }

    func message(at item: Int) throws(GatewayError) -> SubmitRequest { traced(try view!.message(at: item)) }

    func recipient(
        at item: Int, variables: inout [TemplateVariable]
    ) throws(GatewayError) -> UnsafeRawBufferPointer {
        let recipient = try view!.recipient(at: item)
        for index in 0..<recipient.variableCount { variables.append(recipient.variable(at: index)) }
        return recipient.to
    }

    private func traced(_ request: SubmitRequest) -> SubmitRequest {
        var request = request
        request.requestID = requestID
        request.traceparent = traceparent
        return request
    }

    func countInRate(
        _ count: (inout RateBucket) throws(GatewayError) -> Void
    ) throws(GatewayError) -> Bool {
        guard let connection = loop.connection(connection), connection.isInFlight(callID) else { return false }
        try count(&connection.rate)
        return true
    }

    func close() {
        view = nil
        arena.reset()
    }
}
