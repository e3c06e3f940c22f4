/// How the sandbox misbehaves, besides its magic recipients. Shares are between 0 and 1 and are drawn one
/// after the other, so that together they should not exceed 1.
package struct SandboxFaults: Hashable, Sendable {
    package var throttled = 0.0
    package var unavailable = 0.0
    package var rejected = 0.0
    /// Taken, but the answer is lost; a receipt follows.
    package var unknown = 0.0
    package var undelivered = 0.0

    package init() {}
}

/// What the sandbox does with one submission: pure, given a random number.
package struct SandboxBehavior: Sendable {
    package var faults: SandboxFaults

    package init(faults: SandboxFaults = SandboxFaults()) {
        self.faults = faults
    }

    /// When a receipt is sent, relative to the answer.
    package enum ReceiptPlan: Hashable, Sendable {
        case none
        case delivered
        case undelivered
        case deliveredBeforeTheAnswer
        /// Delivered, then undelivered, then delivered again: twice and out of order.
        case repeatedAndOutOfOrder
    }

    package enum Answer: Hashable, Sendable {
        case accepted
        case rejectedRecipient
        case rejectedRoute
        case optedOut
        case throttled
        case unavailable
        case answerLost
    }

    package struct Plan: Hashable, Sendable {
        package var answer: Answer
        package var receipt: ReceiptPlan
    }

    /// The recipients that ask for a certain behaviour: `+1500555` and four digits.
    private static let magicPrefix: StaticString = "+150055500"

    /// - Parameter chance: uniform in 0..<1.
    package func plan(recipient: UnsafeRawBufferPointer, attempt: Int, chance: Double) -> Plan {
        if let number = Self.magicNumber(recipient) {
            switch number {
            case 1: return Plan(answer: .rejectedRecipient, receipt: .none)
            case 2: return Plan(answer: .rejectedRoute, receipt: .none)
            case 3 where attempt <= 2: return Plan(answer: .throttled, receipt: .none)
            case 4: return Plan(answer: .unavailable, receipt: .none)
            case 5: return Plan(answer: .answerLost, receipt: .none)
            case 6: return Plan(answer: .accepted, receipt: .undelivered)
            case 7: return Plan(answer: .accepted, receipt: .none)
            case 8: return Plan(answer: .accepted, receipt: .deliveredBeforeTheAnswer)
            case 9: return Plan(answer: .accepted, receipt: .repeatedAndOutOfOrder)
            case 10: return Plan(answer: .optedOut, receipt: .none)
            default: return Plan(answer: .accepted, receipt: .delivered)
            }
        }
        var rest = chance
        func drawn(_ share: Double) -> Bool {
            defer { rest -= share }
            return rest >= 0 && rest < share
        }
        if drawn(faults.throttled) { return Plan(answer: .throttled, receipt: .none) }
        if drawn(faults.unavailable) { return Plan(answer: .unavailable, receipt: .none) }
        if drawn(faults.rejected) { return Plan(answer: .rejectedRecipient, receipt: .none) }
        if drawn(faults.unknown) { return Plan(answer: .answerLost, receipt: .delivered) }
        if drawn(faults.undelivered) { return Plan(answer: .accepted, receipt: .undelivered) }
        return Plan(answer: .accepted, receipt: .delivered)
    }

    private static func magicNumber(_ recipient: UnsafeRawBufferPointer) -> Int? {
        let prefix = UnsafeRawBufferPointer(start: magicPrefix.utf8Start, count: magicPrefix.utf8CodeUnitCount)
        guard recipient.count == prefix.count + 2, recipient[0..<prefix.count].elementsEqual(prefix) else { return nil }
        let digits = (Int(recipient[prefix.count]) - 48, Int(recipient[prefix.count + 1]) - 48)
        let number = 10 * digits.0 + digits.1
        return (0...10).contains(number) ? number : nil
    }
}
