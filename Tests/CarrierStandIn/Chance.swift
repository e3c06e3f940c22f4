internal import SMSModel

/// What is left to chance, told by the seed and by what it is about, whatever came before: so a run with the same
/// messages meets the same faults.
struct Chance: RandomNumberGenerator {
    private var generator: SeededGenerator

    init(seed: UInt64, _ words: String...) {
        // FNV-1a, with an end of each word.
        var state = 0xCBF2_9CE4_8422_2325 ^ seed
        for word in words {
            for byte in word.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            state = (state ^ 0x1FF) &* 0x0000_0100_0000_01B3
        }
        generator = SeededGenerator(seed: state)
    }

    mutating func next() -> UInt64 { generator.next() }

    mutating func happens(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
}

/// What may go wrong with a request that creates a message.
enum Fault: String, Codable, CaseIterable {
    case none
    /// 429, nothing was taken.
    case throttled
    /// 5xx; the message was taken, or wasn't.
    case failedUntaken, failedTaken
    /// The connection ends without an answer.
    case lostTaken
    case resetUntaken, resetTaken
    /// There never is an answer.
    case hangsUntaken, hangsTaken

    var isTaken: Bool {
        switch self {
        case .none, .failedTaken, .lostTaken, .resetTaken, .hangsTaken: true
        case .throttled, .failedUntaken, .resetUntaken, .hangsUntaken: false
        }
    }
}

/// How often requests meet with each fault, 0 to 1.
struct FaultShares {
    var throttled = 0.0
    var failed = 0.0
    var lost = 0.0
    var reset = 0.0
    var hanging = 0.0
    /// That fail although the message was taken.
    var failedTaken = 0.0

    static let usual = FaultShares(throttled: 0.05, failed: 0.05, lost: 0.01, reset: 0.005, hanging: 0.002)

    /// Half of those that fail, are reset or hang are taken.
    func draw(_ chance: inout Chance) -> Fault {
        var rest = Double.random(in: 0..<1, using: &chance)
        let steps: [(share: Double, fault: Fault)] = [
            (throttled, .throttled), (failed / 2, .failedUntaken), (failed / 2, .failedTaken), (lost, .lostTaken),
            (reset / 2, .resetUntaken), (reset / 2, .resetTaken), (hanging / 2, .hangsUntaken),
            (hanging / 2, .hangsTaken), (failedTaken, .failedTaken),
        ]
        for (share, fault) in steps {
            if rest < share { return fault }
            rest -= share
        }
        return .none
    }
}
