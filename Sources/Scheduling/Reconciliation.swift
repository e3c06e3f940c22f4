internal import SMSModel

/// When a provider is asked about a message that it may have taken, and what follows from what it says.
///
/// It is asked first once the request cannot be under way any more: its time-out and a margin after it was begun. Then
/// again at growing intervals, a bounded number of times. Only what it has is proof: that it shows nothing may mean that
/// it shows the message later, so such a message stays held, for a receipt or an operator.
///
/// A value without IO or clock; times are milliseconds from any origin.
package struct Reconciliation: Hashable, Sendable {
    /// Milliseconds.
    package struct Rule: Hashable, Sendable {
        /// From the request's beginning to the first question: the longest time-out, and a minute more.
        package var firstAfter = Limits.httpRequestMilliseconds + 60_000
        /// Between questions.
        package var intervals = RetryPolicy(base: 60_000, factor: 2, cap: 600_000, maximumAttempts: 8)
        /// From the request's beginning; a message that is older is asked about once.
        package var deadline: Int64 = 3_600_000

        package init() {}

        /// For messages that were sent and whose receipts don't come: some half a dozen questions until the receipt is
        /// overdue.
        /// - Parameter firstAfter: from the time at which the message was sent.
        package static func receipts(firstAfter: Int64) -> Rule {
            var rule = Rule()
            rule.firstAfter = firstAfter
            rule.intervals = RetryPolicy(base: 1_800_000, factor: 4, cap: 24 * 3_600_000, maximumAttempts: 8)
            rule.deadline = Limits.receiptDeadlineMilliseconds
            return rule
        }
    }

    /// What a question brought.
    package enum Conclusion: Hashable, Sendable {
        /// The provider has it.
        case found
        case nothing
        /// Several could be it: only a person can tell.
        case ambiguous
        /// The question got no answer.
        case failed
    }

    package enum Decision: Hashable, Sendable {
        /// It was sent.
        case sent
        /// Nobody knows yet: ``Reconciliation/due`` says when to ask again.
        case ask
        /// Nobody knows, and asking does not help.
        case hold
    }

    /// When to ask next.
    package private(set) var due: Int64
    /// Questions that were answered or failed.
    package private(set) var questions = 0
    private let rule: Rule
    private let deadline: Int64

    /// - Parameters:
    ///   - begun: when the request was; before `now` where the gateway has been restarted since.
    package init(begun: Int64, now: Int64, rule: Rule = Rule()) {
        self.rule = rule
        deadline = begun + rule.deadline
        due = max(now, begun + rule.firstAfter)
    }

    /// Takes what the question brought.
    package mutating func answered(
        _ verdict: Conclusion, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> Decision {
        questions += 1
        switch verdict {
        case .found: return .sent
        case .ambiguous: return .hold
        case .nothing, .failed:
            let next = now + rule.intervals.delay(afterAttempt: questions, using: &generator)
            guard !rule.intervals.isExhausted(attempts: questions), next <= deadline else { return .hold }
            due = next
            return .ask
        }
    }
}
