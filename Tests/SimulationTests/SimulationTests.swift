internal import Foundation
internal import SimulationKit
internal import Testing

/// Random loads, faults, changes and restarts. `APUS_SOAK=1` runs many times as many.
@Suite struct SimulationTests {
    private static let isSoak = ProcessInfo.processInfo.environment["APUS_SOAK"] != nil

    @Test(arguments: 1...(isSoak ? UInt64(200) : 8), [false, true])
    func holds(_ seed: UInt64, whereRoundsFailInPart inPart: Bool) throws {
        let run = SimulationRun(seed: seed, steps: Self.isSoak ? 1000 : 300, inPart: inPart)
        let failure = try run.result().failure
        #expect(failure == nil, "simulate --seed \(seed) --steps \(run.steps)\(inPart ? " --in-part" : "")")
    }

    /// What failed with a seed fails with it again.
    @Test(arguments: [UInt64(1), 2, 3], [false, true])
    func theSameSeedGivesTheSameTranscript(_ seed: UInt64, _ inPart: Bool) throws {
        let transcripts = try (0..<2).map { _ in
            try SimulationRun(seed: seed, steps: 200, inPart: inPart).result().transcript
        }
        #expect(transcripts[0].count > 200)
        let place = zip(transcripts[0], transcripts[1]).enumerated().first { $1.0 != $1.1 }
        #expect(place == nil, "at line \(place?.offset ?? 0): \(place?.element.0 ?? "") and \(place?.element.1 ?? "")")
        #expect(transcripts[0].count == transcripts[1].count)
    }

    /// A fault is found, and the fewest steps that show it.
    @Test(arguments: Plant.allCases)
    func aPlantedFaultIsFound(_ plant: Plant) throws {
        var run = SimulationRun(seed: 1, steps: 150, plant: plant)
        var found: (run: SimulationRun, result: SimulationRun.Result)?
        while found == nil, run.seed <= 10 {
            found = try run.shortestFailing()
            run.seed += 1
        }
        let (shortest, result) = try #require(found)
        let failure = try #require(result.failure)
        print("\(plant): seed \(shortest.seed), \(shortest.steps) steps: \(failure)")
        #expect(shortest.steps <= 150 && failure.step <= shortest.steps)
        // The same again, and without the fault all is well.
        #expect(try shortest.result().failure?.description == failure.description)
        var sound = shortest
        sound.plant = nil
        #expect(try sound.result().failure == nil)
        if shortest.steps > 0 {
            var shorter = shortest
            shorter.steps -= 1
            #expect(try shorter.result().failure == nil)
        }
    }
}
