internal import Foundation
internal import Testing

/// Random loads, faults and restarts. `APUS_SOAK=1` runs many times as many.
@Suite struct SimulationTests {
    private static let isSoak = ProcessInfo.processInfo.environment["APUS_SOAK"] != nil

    @Test(arguments: 1...(isSoak ? UInt64(200) : 8))
    func holds(_ seed: UInt64) throws {
        try Simulation(seed: seed, inPart: false).run(steps: Self.isSoak ? 1000 : 300)
    }

    /// What failed with a seed fails with it again.
    @Test(arguments: [UInt64(1), 2, 3], [false, true])
    func theSameSeedGivesTheSameTranscript(_ seed: UInt64, _ inPart: Bool) throws {
        let transcripts = try (0..<2).map { _ in
            let simulation = try Simulation(seed: seed, inPart: inPart)
            try simulation.run(steps: 200)
            return simulation.transcript
        }
        #expect(transcripts[0].count > 200)
        let place = zip(transcripts[0], transcripts[1]).enumerated().first { $1.0 != $1.1 }
        #expect(place == nil, "at line \(place?.offset ?? 0): \(place?.element.0 ?? "") and \(place?.element.1 ?? "")")
        #expect(transcripts[0].count == transcripts[1].count)
    }

    @Test(arguments: 1...(isSoak ? UInt64(200) : 8))
    func holdsWhereRoundsFailInPart(_ seed: UInt64) throws {
        try Simulation(seed: seed, inPart: true).run(steps: Self.isSoak ? 1000 : 300)
    }
}
