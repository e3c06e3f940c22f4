internal import ConfigurationModel
internal import SMSModel

/// What stands for or against a provider when a message is to be handed over.
package enum ProviderAvailability: UInt8, Hashable, Sendable {
    case hasRoom
    /// It has as many in flight as it may have.
    case isFull
    /// Its rate lets nothing through now.
    case isPaced
    case isPaused
    /// Its circuit breaker is open: it has failed too often recently.
    case isBroken
    /// The configuration has it take no new messages, or doesn't have it any more.
    case isDisabled
    /// It has refused this message's sender or route.
    case hasRefused
    /// It could not be reached with this message just now.
    case hasFailed
    /// It takes no more messages of this one's sender for now.
    case throttlesSender
    /// The link to its carrier is down.
    case isDisconnected

    /// Whether it would take messages if it had room.
    package var isUp: Bool { self == .hasRoom || self == .isFull || self == .isPaced }

    /// A clause for people.
    package var text: String {
        switch self {
        case .hasRoom: "has room"
        case .isFull: "is full"
        case .isPaced: "is at its rate"
        case .isPaused: "is paused"
        case .isBroken: "is failing"
        case .isDisabled: "is off"
        case .hasRefused: "refused it"
        case .hasFailed: "could not be reached"
        case .throttlesSender: "throttles its sender"
        case .isDisconnected: "is not connected"
        }
    }
}

/// A provider as a route weighs it.
package struct Contender: Hashable, Sendable {
    package var verdict: ProviderAvailability
    /// At least 1.
    package var weight: Int
    /// The price of a segment, in millionths of the currency.
    package var price: Int64
    /// Milliseconds; nil = it has not answered yet.
    package var latency: Double?

    package init(verdict: ProviderAvailability, weight: Int = 1, price: Int64 = 0, latency: Double? = nil) {
        self.verdict = verdict
        self.weight = weight
        self.price = price
        self.latency = latency
    }
}

extension Route {
    /// The provider that a message is handed to now, by its place in ``providers``; nil if it has to wait.
    ///
    /// - Parameter contender: what is known of each, by its place.
    package func choice(
        _ contender: (Int) -> Contender, using random: inout some RandomNumberGenerator
    ) -> Int? {
        switch policy {
        case .order: firstByOrder(contender)
        case .weight: byWeight(providers.indices.filter { contender($0).verdict == .hasRoom }, contender, &random)
        case .leastCost: best(contender, &random) { Double($0.price) }
        case .fastest: best(contender, &random) { $0.latency ?? -1 }
        }
    }

    private func firstByOrder(_ contender: (Int) -> Contender) -> Int? {
        for place in providers.indices {
            let verdict = contender(place).verdict
            if verdict == .hasRoom { return place }
            if verdict.isUp, !overflows { return nil }
        }
        return nil
    }

    /// Chooses one by its weight, among those with the lowest value that may be chosen.
    private func best(
        _ contender: (Int) -> Contender, _ random: inout some RandomNumberGenerator, _ value: (Contender) -> Double
    ) -> Int? {
        let contenders = providers.indices.map(contender)
        let eligible = contenders.indices.filter {
            overflows ? contenders[$0].verdict == .hasRoom : contenders[$0].verdict.isUp
        }
        guard let least = eligible.map({ value(contenders[$0]) }).min() else { return nil }
        let best = eligible.filter { value(contenders[$0]) == least && contenders[$0].verdict == .hasRoom }
        return byWeight(best, { contenders[$0] }, &random)
    }

    private func byWeight(
        _ places: [Int], _ contender: (Int) -> Contender, _ random: inout some RandomNumberGenerator
    ) -> Int? {
        guard places.count > 1 else { return places.first }
        var point = Int.random(in: 0..<places.reduce(0) { $0 + contender($1).weight }, using: &random)
        for place in places {
            point -= contender(place).weight
            if point < 0 { return place }
        }
        return places.last
    }

    /// Why a provider is chosen and the others are not, for the timeline.
    ///
    /// - Parameters:
    ///   - chosen: its place in ``providers``; nil = the message waits.
    ///   - names: of the providers, by place.
    package func explanation(chosen: Int?, _ contenders: [Contender], names: [String]) -> String {
        func told(_ place: Int) -> String {
            switch policy {
            case .order: names[place]
            case .weight: "\(names[place]) at weight \(contenders[place].weight)"
            case .leastCost: "\(names[place]) at \(Money(millionths: contenders[place].price))"
            case .fastest:
                switch contenders[place].latency {
                case nil: "\(names[place]) not asked yet"
                case let latency? where latency < 1e15: "\(names[place]) at \(Int(latency.rounded())) ms"
                default: "\(names[place]) that has only failed recently"
                }
            }
        }
        let others = providers.indices.filter { $0 != chosen }.map { place in
            let verdict = contenders[place].verdict
            return verdict == .hasRoom ? told(place) : "\(names[place]) \(verdict.text)"
        }
        let rule = name.isEmpty ? policy.rawValue : "route \(name), \(policy.rawValue)"
        let beginning = "\(rule): \(chosen.map(told) ?? "none has room")"
        return others.isEmpty ? beginning : "\(beginning); not \(others.joined(separator: ", "))"
    }
}
