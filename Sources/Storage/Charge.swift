internal import SMSModel

/// What messages count for their tenant's quotas.
struct Charge: Hashable {
    var segments: Int64 = 0
    /// Millionths of the currency.
    var cost: Int64 = 0

    var isZero: Bool { segments == 0 && cost == 0 }

    static func += (sum: inout Charge, charge: Charge) {
        sum.segments += charge.segments
        // Budgets are far below the bound; a wrong sum beyond it is better than none.
        sum.cost &+= charge.cost
    }

    static prefix func - (charge: Charge) -> Charge {
        Charge(segments: -charge.segments, cost: 0 &- charge.cost)
    }
}

extension Charge {
    /// The charge of a message for which this was reserved.
    func settled(_ cost: MessageLifecycle.Cost) -> Charge {
        switch cost {
        case .reserved: self
        case .price(let price): Charge(segments: segments, cost: price.millionths)
        case .nothing: Charge()
        }
    }

    init(_ draft: MessageDraft) {
        self.init(segments: Int64(draft.segments), cost: draft.reserve)
    }
}
