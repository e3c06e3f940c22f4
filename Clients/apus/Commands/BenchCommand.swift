internal import ApusClient
internal import ArgumentParser
internal import Foundation
internal import Histogram
internal import RPCTransport

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Drives the gateway with load and measures it.",
        discussion: """
            Keeps --in-flight calls in flight on each connection. Latencies are the client's; the server's CPU time is \
            what the daemon says of itself. It sends messages for real: use a gateway whose provider is the sandbox.
            """)

    enum Mode: String, EnumerableFlag {
        case null
        case send
        case bulk
        case life
        case probe
        case urgentProbe

        static func help(for value: Mode) -> ArgumentHelp? {
            switch value {
            case .null: "A method that only decodes and answers."
            case .send: "A Send a call (default)."
            case .bulk: "Chunks of messages, of priority BULK."
            case .life: "Sends, then waits until all are settled: the cost of a whole life."
            case .probe: "One message every 5 ms: the time until a provider has it."
            case .urgentProbe: "The same with URGENT messages."
            }
        }
    }

    @Flag var mode = Mode.send

    @Option(help: "Connections, 1 to 10000.")
    var connections = 8

    @Option(help: "Calls in flight on each connection, 1 to 1024.")
    var inFlight = 16

    @Option(help: "How long to measure, after half a second of warming up (default: 5).")
    var seconds: Double?

    @Option(help: "Send this many messages instead, without warming up.")
    var messages: Int?

    @Option(help: ArgumentHelp("To whom.", valueName: "number"))
    var recipient = "+14155550100"

    @Option(help: "urgent, normal or bulk (default: normal; with --bulk, bulk).")
    var priority: PriorityArgument?

    @Option(help: "Messages in a call of --bulk, 2 to 10000.")
    var chunk = 1000

    @Option(
        help: ArgumentHelp(
            "A file of API keys, one a line: the calls of --null and --send bring them in turn.", valueName: "file"))
    var keys: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard keys == nil || mode == .null || mode == .send else {
            throw ValidationError("--keys goes with --null and --send.")
        }
        guard (1...10_000).contains(connections) else { throw ValidationError("--connections must be 1 to 10000.") }
        guard (1...1024).contains(inFlight) else { throw ValidationError("--in-flight must be 1 to 1024.") }
        guard (2...10_000).contains(chunk) else { throw ValidationError("--chunk must be 2 to 10000.") }
        if let seconds, !(seconds > 0 && seconds <= 86_400) {
            throw ValidationError("--seconds must be positive, at most 86400.")
        }
        if let messages {
            guard messages > 0 else { throw ValidationError("--messages must be positive.") }
            guard mode != .probe, mode != .urgentProbe else {
                throw ValidationError("--probe and --urgent-probe go by --seconds.")
            }
            if mode == .bulk, messages > chunk, messages % chunk != 0 {
                throw ValidationError("--messages must be a multiple of --chunk.")
            }
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            switch mode {
            case .probe: try await probe(client, priority?.value ?? .normal)
            case .urgentProbe: try await probe(client, .urgent)
            case .life: try await life(client)
            case .null, .send, .bulk: try await load(client)
            }
        }
    }

    private var plan: LoadPlan {
        let kind: LoadPlan.Kind =
            switch mode {
            case .null: .null
            case .bulk: .bulk(chunk: chunk)
            case .send, .life, .probe, .urgentProbe: .send
            }
        return LoadPlan(
            kind: kind, connections: connections, inFlight: inFlight,
            seconds: seconds ?? (messages == nil ? 5 : nil), messages: messages, recipient: recipient,
            priority: priority?.value ?? (mode == .bulk ? .bulk : .normal))
    }

    /// The keys that calls bring in turn.
    private func credentials() throws -> [[UInt8]] {
        guard let keys else { return [] }
        guard let text = try? String(contentsOfFile: keys, encoding: .utf8) else {
            throw CommandFailure(.usage, "\(keys) cannot be read")
        }
        let credentials = text.split(whereSeparator: \.isNewline).map { Array($0.utf8) }
        guard let length = credentials.first?.count, credentials.allSatisfy({ $0.count == length }) else {
            throw CommandFailure(.usage, "\(keys) must hold keys of one length, one a line")
        }
        return credentials
    }

    private func drive(_ client: GatewayClient) async throws -> LoadResult {
        let configuration = client.configuration
        let run = LoadRun(
            plan: plan, address: try ServerAddress(parsing: configuration.address.description),
            credential: configuration.key ?? "", credentials: try credentials(),
            tls: try configuration.tlsContext(), client: client)
        let result = try await run.run()
        guard result.calls > 0 else {
            throw CommandFailure(.refused, "no call succeeded: \(result.firstError ?? "no answer came")")
        }
        return result
    }

    private func load(_ client: GatewayClient) async throws {
        let result = try await drive(client)
        var figures = BenchFigures(calls: result)
        if mode == .bulk { figures.addMessages(result.messages, cpu: result.serverCPU, seconds: result.seconds) }
        try report(figures, result)
    }

    private func life(_ client: GatewayClient) async throws {
        let before = try await client.statistics()
        let started = ContinuousClock.now
        let result = try await drive(client)
        let after = try await settled(client)
        let seconds = (ContinuousClock.now - started).seconds
        var figures = BenchFigures(calls: result)
        let messages = after.states.total - before.states.total
        figures.addMessages(Int(messages), cpu: after.cpu - before.cpu, seconds: seconds)
        figures.add("life_seconds", seconds)
        try report(figures, result)
    }

    /// Waits until no message is under way any more.
    private func settled(_ client: GatewayClient) async throws -> ApusClient.GatewayStatistics {
        let timeout = connection.timeout.map { Duration.seconds($0) } ?? .seconds(300)
        let deadline = ContinuousClock.now + timeout
        while true {
            let statistics = try await client.statistics()
            let states = statistics.states
            let open: [MessageState] = [.accepted, .scheduled, .queued, .submitting, .sent, .unknown]
            let count = open.map { states[$0] }.reduce(0, +)
            if count == 0 { return statistics }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(.unavailable, "not settled after \(timeout.formattedSeconds): \(states.text)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func probe(_ client: GatewayClient, _ priority: MessagePriority) async throws {
        let probe = HandOffProbe(client: client, seconds: seconds ?? 5, recipient: recipient, priority: priority)
        let result = try await probe.run()
        var figures = BenchFigures()
        figures.add("calls", Double(result.calls))
        figures.add("seconds", result.seconds)
        for (name, histogram) in [
            ("handoff", result.handOff), ("accept", result.acceptance), ("timeline", result.timeline),
        ] {
            figures.add("\(name)_p50_ms", Double(histogram.valueAtPercentile(50)) / 1000)
            figures.add("\(name)_p99_ms", Double(histogram.valueAtPercentile(99)) / 1000)
        }
        connection.print(json: figures.json, text: figures.text)
    }

    private func report(_ figures: BenchFigures, _ result: LoadResult) throws {
        var figures = figures
        if result.refused > 0 { figures.add("refused", Double(result.refused)) }
        connection.print(json: figures.json, text: figures.text)
        if result.refused > 0 {
            throw CommandFailure(
                .refused, "\(counted(result.refused, "message")) refused, the first because: \(result.firstError ?? "")"
            )
        }
    }
}

/// Names and numbers, in the order they were added.
struct BenchFigures {
    private var rows: [(String, Double)] = []

    init() {}

    init(calls result: LoadResult) {
        add("calls", Double(result.calls))
        add("seconds", result.seconds)
        add("rate", Double(result.calls) / result.seconds)
        add("p50_us", Double(result.latencies.valueAtPercentile(50)) / 1000)
        add("p99_us", Double(result.latencies.valueAtPercentile(99)) / 1000)
        add("p999_us", Double(result.latencies.valueAtPercentile(99.9)) / 1000)
        add("server_cpu_us_per_call", result.serverCPU.seconds * 1e6 / Double(result.calls))
    }

    mutating func addMessages(_ messages: Int, cpu: Duration, seconds: Double) {
        add("messages", Double(messages))
        add("message_rate", Double(messages) / seconds)
        add("server_cpu_us_per_message", cpu.seconds * 1e6 / Double(max(1, messages)))
    }

    mutating func add(_ name: String, _ value: Double) {
        rows.append((name, value))
    }

    var json: JSONOutput {
        .object(
            rows.map { name, value in
                let isWhole = value.rounded() == value && abs(value) < 1e15
                // Three decimals are more than any measurement here is worth.
                return (name, isWhole ? .integer(Int64(value)) : .number((value * 1000).rounded() / 1000))
            })
    }

    var text: String {
        TextTable.list(
            rows.map { ($0.0, $0.1 == $0.1.rounded() ? String(Int64($0.1)) : Self.decimals($0.1)) }, indent: "")
    }

    private static func decimals(_ value: Double) -> String {
        String((value * 1000).rounded() / 1000)
    }
}
