/// SplitMix64: a small generator whose sequence follows from its seed (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014). For choices that a test has to be able to repeat; never for secrets.
package struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0..<1, each of 2^53 as likely.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// True in one of `count` cases.
    package mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
