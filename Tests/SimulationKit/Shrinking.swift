/// Where a simulation failed.
package struct SimulationFailure: Error, CustomStringConvertible, Sendable {
    /// From 1 on: the step after which a promise was found broken, or the last one.
    package let step: Int
    /// Every step went well, but not what followed: what is left came to no good end.
    package let isAtTheEnd: Bool
    package let description: String
}

/// What a simulation is made of: the same run gives the same transcript, every time.
package struct SimulationRun: Hashable, Sendable {
    package var seed: UInt64
    package var steps: Int
    package var inPart: Bool
    package var plant: Plant?

    package init(seed: UInt64, steps: Int, inPart: Bool = false, plant: Plant? = nil) {
        self.seed = seed
        self.steps = steps
        self.inPart = inPart
        self.plant = plant
    }

    package struct Result: Sendable {
        package var transcript: [String]
        package var failure: SimulationFailure?
    }

    package func result() throws -> Result {
        let simulation = try Simulation(seed: seed, inPart: inPart, plant: plant)
        do {
            try simulation.run(steps: steps)
            return Result(transcript: simulation.transcript)
        } catch let failure as SimulationFailure {
            return Result(transcript: simulation.transcript, failure: failure)
        }
    }

    /// The run of the fewest steps that fails, each shorter one having been tried; nil if none fails.
    ///
    /// After its steps a run lets everything come to its end, so a shorter one may fail where a longer one doesn't.
    package func shortestFailing() throws -> (run: SimulationRun, result: Result)? {
        guard let failure = try result().failure else { return nil }
        for steps in 0...failure.step {
            var shorter = self
            shorter.steps = steps
            let result = try shorter.result()
            if result.failure != nil { return (shorter, result) }
        }
        return nil
    }
}
