internal import ArgumentParser
internal import Foundation
internal import SMSModel
internal import Storage

/// Measures the embedded store by itself, at the batches and with the messages of the contestants in
/// `Benchmarks/anchors/store`. Prints one JSON object a measurement.
@main
struct StoreBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storebench", subcommands: [Accept.self, Life.self, Growth.self, Recover.self, Pages.self])

    struct Size: ParsableArguments {
        @Option(help: "An empty directory.") var path: String
        @Option(help: "Messages in a round.") var batch = 1024
        @Option(help: "Messages that are measured.") var messages = 200_000
        @Option(help: "Messages that are there already.") var rows = 0
    }

    /// Messages are accepted, nothing else.
    struct Accept: ParsableCommand {
        @OptionGroup var size: Size

        func run() throws {
            let load = try StoreLoad(size.path, batch: size.batch)
            try load.fill(size.rows)
            var meter = Meter()
            for _ in 0..<size.messages / size.batch { try load.accept(&meter) }
            meter.report("apus", mode: "accept", batch: size.batch)
        }
    }

    /// Messages are accepted, claimed, sent and delivered, a round for each step of a batch.
    struct Life: ParsableCommand {
        @OptionGroup var size: Size
        @Option(help: "Days, a file each, over which the steps of one round are spread.") var files = 1

        func run() throws {
            let load = try StoreLoad(size.path, batch: size.batch, files: files)
            try load.fill(size.rows)
            var meter = Meter()
            if files == 1 {
                for _ in 0..<size.messages / size.batch { try load.live(&meter) }
            } else {
                try load.liveSpread(size.messages, &meter)
            }
            meter.report("apus", mode: files == 1 ? "life" : "life over \(files) files", batch: size.batch)
        }
    }

    /// The same as `life`, reported in steps: what a message costs as there are more and more.
    struct Growth: ParsableCommand {
        @OptionGroup var size: Size
        @Option(help: "Messages from one report to the next.") var step = 100_000

        func run() throws {
            let load = try StoreLoad(size.path, batch: size.batch)
            var total = 0
            while total < size.messages {
                var meter = Meter()
                for _ in 0..<step / size.batch { try load.live(&meter) }
                total += meter.messages
                meter.report("apus", mode: "growth", batch: size.batch, rows: total)
            }
        }
    }

    /// Messages that wait are taken up again by a store that is opened again.
    struct Recover: ParsableCommand {
        @OptionGroup var size: Size

        func run() throws {
            do {
                let load = try StoreLoad(size.path, batch: size.batch)
                try load.fill(size.messages)
            }
            let load = try StoreLoad(size.path, batch: size.batch)
            var meter = Meter()
            let found = try meter.measure(messages: size.messages) { try load.recoverAll() }
            guard found == size.messages / size.batch * size.batch else { throw ValidationError("\(found) found") }
            meter.report("apus", mode: "recover", batch: size.batch)
        }
    }

    /// Pages of a listing whose filter meets nothing, among `rows` messages.
    struct Pages: ParsableCommand {
        @OptionGroup var size: Size

        func run() throws {
            let load = try StoreLoad(size.path, batch: size.batch)
            try load.fill(size.rows)
            let meter = try load.pages(size.messages)
            meter.report("apus", mode: "pages", batch: Limits.listRowsExamined)
        }
    }
}
