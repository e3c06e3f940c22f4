internal import GatewayCore
internal import JSON

/// What `GET /health` answers, to everybody who can reach the web server: why it is not good is for those who ask by the
/// protocol.
struct WebHealth: Hashable {
    /// 200 or 503.
    var isGood: Bool
    /// Small, and nothing that is not for everybody.
    var json: String

    init(_ health: GatewayHealth) {
        isGood = health.isAccepting
        let members: [TextKey: JSONValue] = [
            "accepting": .bool(health.isAccepting), "dispatching": .bool(health.isDispatching),
            "degraded": .bool(health.isDegraded),
        ]
        json = JSONValue.object(members).text
    }
}
