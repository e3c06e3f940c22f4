internal import Routing
internal import SMSModel

/// Which providers what waits is for, and which routes have none that takes messages.
extension ProviderPool {
    /// The providers that messages of a set may be handed to, by number, and whether there is no other for them. Where a
    /// message is routed in its turn, these are the providers of every route.
    func possibleProviders(_ number: UInt16) -> (providers: [UInt8], isOnly: Bool) {
        if number == sets.nowhere { return ([], false) }
        if let set = sets[number] {
            let providers = providers(of: number)
            return (providers, providers.count == 1 && !set.isTemporary)
        }
        if let onlySet { return possibleProviders(onlySet) }
        let providers = Set(table.routes.flatMap(\.providers)).sorted()
        return (providers, providers.count == 1)
    }

    /// The routes that are open now and of which no provider takes messages. A route that refuses its messages fails
    /// nobody.
    func failingRoutes(now: Int64) -> [WaitingSurvey.FailingRoute] {
        table.routes.indices.compactMap { place in
            let route = table.routes[place]
            guard table.isOpen[place], route.rejection == nil, !route.providers.isEmpty else { return nil }
            let indices = route.providers.compactMap { index(of: $0) }
            guard indices.allSatisfy({ states[$0].condition != .ready }) else { return nil }
            let reasons = indices.compactMap { states[$0].report(now: now).troubleText }
            return .init(
                name: route.name, reasons: reasons.isEmpty ? ["its providers cannot be used as configured"] : reasons)
        }
    }
}
