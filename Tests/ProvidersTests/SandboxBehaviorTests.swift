internal import GatewayTestKit
internal import Testing

@testable internal import Providers

/// What the sandbox does with one submission.
@Suite struct SandboxBehaviorTests {
    typealias Plan = SandboxBehavior.Plan

    private func plan(
        _ recipient: String, attempt: Int = 1, chance: Double = 0.5, _ faults: SandboxFaults = SandboxFaults()
    ) -> Plan {
        Array(recipient.utf8).withUnsafeBytes {
            SandboxBehavior(faults: faults).plan(recipient: $0, attempt: attempt, chance: chance)
        }
    }

    @Test func magicRecipients() {
        var faults = SandboxFaults()
        faults.throttled = 1
        for faults in [SandboxFaults(), faults] {
            let plans = (1...9).map { plan("+1500555000\($0)", faults) }
            #expect(plans[0] == Plan(answer: .rejectedRecipient, receipt: .none))
            #expect(plans[1] == Plan(answer: .rejectedRoute, receipt: .none))
            #expect(plans[2] == Plan(answer: .throttled, receipt: .none))
            #expect(plans[3] == Plan(answer: .unavailable, receipt: .none))
            #expect(plans[4].answer == .answerLost)
            #expect(plans[5] == Plan(answer: .accepted, receipt: .undelivered))
            #expect(plans[6] == Plan(answer: .accepted, receipt: .none))
            #expect(plans[7] == Plan(answer: .accepted, receipt: .deliveredBeforeTheAnswer))
            #expect(plans[8] == Plan(answer: .accepted, receipt: .repeatedAndOutOfOrder))
        }
        #expect(plan("+15005550010") == Plan(answer: .optedOut, receipt: .none))
        #expect(plan("+15005550003", attempt: 2).answer == .throttled)
        #expect(plan("+15005550003", attempt: 3) == Plan(answer: .accepted, receipt: .delivered))
        #expect(plan("+15005550004", attempt: 40).answer == .unavailable)
    }

    @Test(arguments: [
        "+15005550000", "+150055500011", "+15005550011", "+1500555001", "+14155550100", "+1500555100", "",
    ])
    func anyOtherNumberIsDelivered(_ recipient: String) {
        #expect(plan(recipient) == Plan(answer: .accepted, receipt: .delivered))
    }

    @Test func sharesOfFaultsLieSideBySide() {
        var faults = SandboxFaults()
        faults.throttled = 0.1
        faults.unavailable = 0.2
        faults.rejected = 0.05
        faults.unknown = 0.15
        faults.undelivered = 0.25
        var counts: [Plan: Int] = [:]
        let draws = 100_000
        for draw in 0..<draws {
            counts[plan("+447400123456", chance: (Double(draw) + 0.5) / Double(draws), faults), default: 0] += 1
        }
        let wanted: [Plan: Double] = [
            Plan(answer: .throttled, receipt: .none): 0.1, Plan(answer: .unavailable, receipt: .none): 0.2,
            Plan(answer: .rejectedRecipient, receipt: .none): 0.05,
            Plan(answer: .answerLost, receipt: .delivered): 0.15,
            Plan(answer: .accepted, receipt: .undelivered): 0.25, Plan(answer: .accepted, receipt: .delivered): 0.25,
        ]
        #expect(Set(counts.keys) == Set(wanted.keys))
        for (plan, share) in wanted {
            #expect(abs(Double(counts[plan] ?? 0) / Double(draws) - share) < 0.0001, "\(plan)")
        }
    }

    @Test func noFaultMeansNone() {
        for chance in [0, 0.25, 0.999_999_999] {
            #expect(plan("+447400123456", chance: chance) == Plan(answer: .accepted, receipt: .delivered))
        }
    }
}
