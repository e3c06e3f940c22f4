internal import ArgumentParser
internal import SimulationKit

/// Runs the simulation of a gateway's life from a seed.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run a gateway under random load, faults, changes and restarts, from a seed.",
        discussion: """
            The same seed gives the same transcript, every time: what callers, carriers and operators did, what was \
            handed to which carrier, and each message's history. Where a promise is broken, the fewest steps that break \
            it are looked for and printed, with the command that repeats them; the exit code is then 1.
            """)

    @Option(help: "What everything random follows from.")
    var seed: UInt64

    @Option(help: "How much happens before everything comes to its end.")
    var steps = 300

    @Flag(help: "Let commits fail in a way that leaves what they were to record recorded.")
    var inPart = false

    @Flag(help: "Print the transcript of a run that goes well too.")
    var transcript = false

    @Option(help: ArgumentHelp("A fault to put between carriers and gateway.", visibility: .hidden))
    var plant: Plant?

    func validate() throws {
        guard steps >= 0 else { throw ValidationError("--steps must not be negative") }
    }

    func run() throws {
        let run = SimulationRun(seed: seed, steps: steps, inPart: inPart, plant: plant)
        guard let (shortest, result) = try run.shortestFailing(), let failure = result.failure else {
            if transcript { for line in try run.result().transcript { print(line) } }
            return print("seed \(seed), \(steps) steps: every promise holds")
        }
        for line in result.transcript { print(line) }
        print("\(failure.isAtTheEnd ? "at the end of" : "after") step \(failure.step): \(failure)")
        print("again: \(shortest.command)")
        throw ExitCode(1)
    }
}

extension Plant: ExpressibleByArgument {}

extension SimulationRun {
    /// What repeats it.
    fileprivate var command: String {
        "simulate --seed \(seed) --steps \(steps)" + (inPart ? " --in-part" : "")
            + (plant.map { " --plant \($0.rawValue)" } ?? "")
    }
}
