internal import Providers
internal import SMSModel
internal import Synchronization

/// A fault that is put between the carriers and the gateway, to see that the simulation finds it.
package enum Plant: String, CaseIterable, Sendable {
    /// Every second answer of which nobody knows is passed on as if the message had surely not been taken.
    case unknownAsUnavailable
    /// Every third report is passed on to nobody, and answered as if it were durable.
    case reportsLost
}

/// The road with the fault in it.
final class FaultyRoad: ProviderEvents {
    private let plant: Plant
    private let road: any ProviderEvents
    private let count = Mutex(0)

    init(_ plant: Plant, before road: any ProviderEvents) {
        self.plant = plant
        self.road = road
    }

    private func isTurn(of number: Int) -> Bool {
        count.withLock { count in
            count += 1
            return count % number == 0
        }
    }

    func answered(_ answers: [AttemptAnswer]) {
        var answers = answers
        for place in answers.indices where plant == .unknownAsUnavailable {
            if case .unknown(let code) = answers[place].outcome, isTurn(of: 2) {
                answers[place].outcome = .unavailable(code: code)
            }
        }
        road.answered(answers)
    }

    func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void) {
        if plant == .reportsLost, isTurn(of: 3) { return done(nil) }
        road.reported(events, done: done)
    }

    func linkChanged() { road.linkChanged() }
}

/// A promise was broken.
package struct Fault: Error, CustomStringConvertible, Sendable {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
