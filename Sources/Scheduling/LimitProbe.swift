/// One limit of a provider's, as it is believed to be: found where the provider throttled, and tried again from time to
/// time by going a little beyond it.
///
/// Each step beyond that is borne is followed by a larger one, so that a limit which is gone is left behind quickly;
/// each that is not puts off the next attempt for longer, so that little is sent beyond a limit which stands.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct LimitProbe: Hashable, Sendable {
    /// What is believed to be the most at best; infinite = there is no bound.
    package let ceiling: Double
    private let floor: Double
    /// What is kept to now.
    package private(set) var value: Double
    package private(set) var isProbing = false
    /// Where throttling began: what is borne at four times as much is no limit any more.
    private var reference = Double.infinity
    /// What was kept to before the steps that are under way, and before the last of them.
    private var base: Double
    private var before: Double
    /// The first step towards a limit of which little is known.
    private let firstStep: Double
    private var step = Self.usualStep
    private var pause = Self.firstPause
    /// When the next step may be tried.
    private var due: Int64 = 0

    /// A step, as a share of the value; each is at least 1.
    private static let usualStep = 0.05
    private static let largestStep = 0.5
    private static let gone = 4.0
    /// After a step that was not borne, in milliseconds; twice as long after each further one.
    package static let firstPause: Int64 = 5000
    package static let longestPause: Int64 = 30_000

    /// - Parameters:
    ///   - ceiling: above 0; infinite = no bound is configured.
    ///   - floor: what it never falls below, unless the ceiling does.
    ///   - firstStep: the first step beyond a limit that was found for the first time, as a share of it.
    package init(ceiling: Double, floor: Double, firstStep: Double) {
        precondition(ceiling > 0 && floor > 0)
        self.ceiling = ceiling
        self.floor = min(floor, ceiling)
        self.firstStep = firstStep
        (value, base, before) = (ceiling, ceiling, ceiling)
    }

    /// Whether a limit below the ceiling has been found.
    package var isFound: Bool { value < ceiling }

    /// Less is borne than was believed.
    package mutating func lower(to new: Double, now: Int64) {
        let isFirst = !isFound
        value = min(value, max(floor, new))
        reference = value
        endSteps()
        // The first time little is known of the limit: where it is, or whether it is one at all.
        due = isFirst ? now : now + pause
        if isFirst { step = firstStep }
    }

    /// Goes back to what was kept to at another time.
    package mutating func restore(_ former: Double, now: Int64) {
        value = min(max(floor, former), ceiling)
        due = now + pause
        endSteps()
    }

    /// Whether a step may be tried.
    package func isDue(now: Int64) -> Bool { isFound && now >= due }

    /// Tries a step beyond the value.
    package mutating func probe() {
        isProbing = true
        before = value
        value = min(ceiling, max(value * (1 + step), value + 1))
    }

    /// The share of what is sent that the step adds.
    package var excess: Double { isProbing ? 1 - before / value : 0 }

    /// The step was borne.
    package mutating func probeBorne(now: Int64) {
        isProbing = false
        step = min(step * 2, Self.largestStep)
        due = now
        if value > Self.gone * reference {
            value = ceiling
            endSteps()
            pause = Self.firstPause
        }
    }

    /// The step was not borne.
    ///
    /// - Parameters:
    ///   - borne: what was borne meanwhile; what was kept to before is not gone below.
    ///   - pause: milliseconds at least until the next attempt.
    package mutating func probeFailed(borne: Double, pause least: Int64, now: Int64) {
        value = max(base, min(before, borne))
        reference = value
        due = now + min(max(pause, least), Self.longestPause)
        pause = min(pause * 2, Self.longestPause)
        endSteps()
    }

    private mutating func endSteps() {
        isProbing = false
        step = Self.usualStep
        (base, before) = (value, value)
    }
}
