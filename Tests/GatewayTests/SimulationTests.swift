internal import Foundation
internal import Testing

/// Random loads, faults and restarts. `APUS_SOAK=1` runs many times as many.
@Suite struct SimulationTests {
    private static let isSoak = ProcessInfo.processInfo.environment["APUS_SOAK"] != nil

    @Test(arguments: 1...(isSoak ? UInt64(200) : 8))
    func holds(_ seed: UInt64) throws {
        try Simulation(seed: seed, inPart: false).run(steps: Self.isSoak ? 1000 : 300)
    }

    @Test(arguments: 1...(isSoak ? UInt64(200) : 8))
    func holdsWhereRoundsFailInPart(_ seed: UInt64) throws {
        try Simulation(seed: seed, inPart: true).run(steps: Self.isSoak ? 1000 : 300)
    }
}
