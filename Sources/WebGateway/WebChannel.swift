internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import SMSModel
internal import TLS

/// A connection's handlers, from the socket up: TLS if it has it, HTTP/1, the connection's life, Hummingbird's.
struct WebChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        var http: HTTP1Channel.Value
        var admission: OpenConnections.ConnectionAdmission

        var channel: any Channel { http.channel }
    }

    /// Beyond the second bound of connections.
    struct TooManyConnections: Error {}

    let tls: TLSServerCredentials?
    let buffers: NIOLoopBound<TLSBuffers>
    let connections: OpenConnections
    let origins: ClientOrigin
    let options: WebServerOptions
    private let served: HTTP1Channel
    private let refused: HTTP1Channel

    init(
        tls: TLSServerCredentials?, buffers: NIOLoopBound<TLSBuffers>, connections: OpenConnections,
        origins: ClientOrigin, options: WebServerOptions, responder: WebResponder
    ) {
        self.tls = tls
        self.buffers = buffers
        self.connections = connections
        self.origins = origins
        self.options = options
        let isSecure = tls != nil
        let configuration = HTTP1Channel.Configuration(
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Limits.webHeadBytes, maxHeaderListSize: Limits.webHeadBytes,
                maxHeaderFieldCount: Limits.webHeaders))
        served = HTTP1Channel(
            responder: { request, writer, channel in
                try await responder.respond(to: request, isSecure: isSecure, by: writer, on: channel)
            }, configuration: configuration)
        refused = HTTP1Channel(
            responder: { request, writer, channel in
                try await responder.refuse(request, by: writer, on: channel)
            }, configuration: configuration)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let admission = connections.add(channel, from: origins.ofConnection(channel))
        guard admission != .closed else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            if let tls {
                try channel.pipeline.syncOperations.addHandler(TLSHandler(tls.current, buffers: buffers.value))
            }
        }.flatMap {
            served.setup(channel: channel, logger: logger)
        }.flatMapThrowing { http in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let exchanges = ExchangeHandler(
                stepTimeout: options.stepTimeout, bodyGrace: options.bodyGrace,
                bodyBytesPerSecond: options.bodyBytesPerSecond, linger: options.linger)
            try pipeline.addHandler(exchanges, position: .after(decoder))
            return Value(http: http, admission: admission)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await (value.admission == .served ? served : refused).handle(value: value.http, logger: logger)
    }
}
