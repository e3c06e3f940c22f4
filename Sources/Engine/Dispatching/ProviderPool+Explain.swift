internal import Admission
internal import Providers
package import Routing
internal import SMSModel

/// Where a message would go at a moment, and why.
package struct RoutingExplanation: Hashable, Sendable {
    package struct Examined: Hashable, Sendable {
        package var name: String
        package var verdict: RouteMatch
        /// Whether the route is for messages of the tenant at all.
        package var isForTenant: Bool
    }

    package struct Candidate: Hashable, Sendable {
        package var name: String
        package var kind: String
        package var contender: Contender
        package var isChosen: Bool
    }

    /// In the order in which they are tried, up to the one that is for the message, if one is.
    package var examined: [Examined] = []
    /// The one that is for it; its name is empty where no routes are configured.
    package var route: Route?
    /// The route's providers, in its order.
    package var candidates: [Candidate] = []
    /// The sender at the chosen provider, where the route's or the provider's rules decide it.
    var sender: SenderTable.Entry?
    /// The reason that the timeline would have.
    package var reason = "no route is for it"

    package var chosen: Candidate? { candidates.first(where: \.isChosen) }
}

extension ProviderPool {
    /// Where a message would go that nothing has happened to. Nothing is taken, and nothing is remembered.
    ///
    /// - Parameters:
    ///   - policy: the tenant's about senders; nil = it may use all.
    ///   - throttlesSender: whether a provider, by number, takes no more of a sender for now.
    ///   - due: when it is to be sent, in milliseconds since the Unix epoch: routes are as they are then, providers as
    ///     they are now.
    mutating func explain(
        _ query: RoutingQuery, _ policy: SenderPolicy?, throttlesSender: (UInt8, String) -> Bool = { _, _ in false },
        due: Int64, now: Int64,
        using random: inout some RandomNumberGenerator
    ) -> RoutingExplanation {
        var explanation = RoutingExplanation()
        var table = table
        _ = table.advance(to: max(now, due))
        for (place, route) in table.routes.enumerated() {
            let verdict = table.verdict(on: place, query)
            explanation.examined.append(
                .init(
                    name: route.name, verdict: verdict,
                    isForTenant: route.tenants?.contains(query.tenant) ?? true))
            guard verdict == .matches else { continue }
            explanation.route = route
            let held = route.providers.filter { provider in
                let sender = index(of: provider).flatMap {
                    self.sender(of: query, policy, by: route, through: $0)?.text
                }
                return throttlesSender(provider, sender ?? String(decoding: query.sender, as: UTF8.self))
            }
            choose(CandidateSet(route: place), route, Set(held), query, policy, now: now, &explanation, &random)
            break
        }
        if explanation.route == nil, current.isEmpty { explanation.reason = "no provider is configured" }
        return explanation
    }

    private mutating func choose(
        _ set: CandidateSet, _ route: Route, _ held: Set<UInt8>, _ query: RoutingQuery, _ policy: SenderPolicy?,
        now: Int64, _ explanation: inout RoutingExplanation, _ random: inout some RandomNumberGenerator
    ) {
        if let rejection = route.rejectionText {
            explanation.reason = rejection
            return
        }
        let contenders = contenders(set, route, held: held, urgent: query.priority == .urgent, now: now)
        let chosen = route.choice({ contenders[$0] }, using: &random)
        for (place, provider) in route.providers.enumerated() {
            let named = index(of: provider).map { states[$0].provider }
            explanation.candidates.append(
                .init(
                    name: named?.name ?? "provider \(provider)", kind: named?.kind ?? "", contender: contenders[place],
                    isChosen: place == chosen))
        }
        let isOnly = route.name.isEmpty && route.providers.count == 1 && chosen != nil
        explanation.reason =
            isOnly
            ? "only provider"
            : route.explanation(chosen: chosen, contenders, names: explanation.candidates.map(\.name))
        if let chosen, let index = index(of: route.providers[chosen]) {
            explanation.sender = sender(of: query, policy, by: route, through: index)
        }
    }
}
