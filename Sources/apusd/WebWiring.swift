internal import ConfigurationModel
internal import Gateway
internal import Providers
internal import RPCWire
internal import TLS
internal import WebGateway

/// There is no provider yet whose carrier posts anything.
struct NoWebhooks: WebhookIntake {
    func receive(_ request: WebhookRequest, for provider: String) async -> WebhookReply {
        WebhookReply(status: 404, error: "not found")
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
