internal import ConfigurationModel
internal import GatewayCore
internal import NIOCore
internal import NIOPosix
internal import Providers
internal import RPCGateway
internal import RPCWire
internal import TLS
internal import WebGateway

/// The gateway's desk, for the web server.
struct CarrierWebhooks: WebhookIntake {
    /// nil = no provider takes webhooks.
    let desk: WebhookDesk?

    nonisolated(nonsending) func receive(_ request: WebhookRequest, for provider: String) async -> WebhookReply {
        guard let desk else { return WebhookReply(status: 404, error: "not found") }
        let reply = await desk.receive(request, for: provider)
        return WebhookReply(
            status: reply.status, contentType: reply.contentType, body: reply.body,
            retryAfterSeconds: reply.retryAfterSeconds)
    }
}

extension Daemon {
    /// nil without an address.
    func serveWeb(
        _ addresses: [WebAddress], _ gateway: Gateway, _ tls: TLSServerCredentials?, connections: Int
    ) async throws -> WebServer? {
        guard !addresses.isEmpty else { return nil }
        var options = WebServerOptions()
        options.publicURL = try configuration.publicURL()
        options.tls = tls
        options.connections = connections
        do {
            return try await WebServer.listen(
                on: addresses, eventLoop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), options: options,
                intake: CarrierWebhooks(desk: gateway.webhooks), health: { gateway.webHealth }, log: log)
        } catch {
            throw DaemonError(
                text: "cannot listen at \(addresses.map(\.description).joined(separator: ", ")): \(error)", exitCode: 1)
        }
    }
}

extension Gateway {
    /// For everybody who can reach the web server: why it is not good is for those who ask by the protocol.
    var webHealth: WebHealth {
        let health = health
        let json = JSON.object(["accepting": .bool(health.accepting), "dispatching": .bool(health.dispatching)])
        return WebHealth(isGood: health.accepting, json: json.text)
    }
}

extension WebServer {
    /// The same certificate and key, of which carriers are asked for none.
    static func withoutClients(_ options: TLSServerOptions) -> TLSServerOptions {
        var own = TLSServerOptions(protocols: [tlsProtocol])
        own.certificate = options.certificate
        own.key = options.key
        own.minimumVersion = options.minimumVersion
        return own
    }
}
