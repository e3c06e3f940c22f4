internal import ApusClient
internal import Histogram
internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import TLS

/// What a load consists of.
struct LoadPlan {
    enum Kind {
        case null
        case send
        case bulk(chunk: Int)
    }

    var kind: Kind
    var connections: Int
    var inFlight: Int
    /// nil = until ``messages`` are sent.
    var seconds: Double?
    /// nil = until ``seconds`` are over.
    var messages: Int?
    var recipient: String
    var priority: MessagePriority

    static let warmUp = Duration.milliseconds(500)
    /// A body as long as many a message is, and GSM-7.
    static let body = String(
        repeating: "Your parcel is on its way and arrives tomorrow between 9 and 12. ", count: 2
    ).prefix(100)

    var message: SendRequest {
        let priority: Priority =
            switch priority {
            case .urgent: .urgent
            case .bulk: .bulk
            default: .normal
            }
        return SendRequest(to: recipient, sender: "Apus", body: String(Self.body), priority: priority)
    }
}

/// What a load measured.
struct LoadResult {
    var calls = 0
    var messages = 0
    var refused = 0
    var firstError: String?
    var seconds = 0.0
    /// The daemon's user and system time in the measured span.
    var serverCPU = Duration.zero
    /// In nanoseconds.
    var latencies = Histogram<UInt64>(highestTrackableValue: LoadMeter.longestNanoseconds)
}

/// Drives the gateway with a closed loop of calls.
struct LoadRun {
    let plan: LoadPlan
    let address: ServerAddress
    let credential: String
    /// Brought by the calls in turn, all of one length; empty = they go by the connection's.
    var credentials: [[UInt8]] = []
    /// For an address of TLS.
    let tls: TLSContext?
    /// Asks for the daemon's figures, alongside the load.
    let client: GatewayClient

    private struct Snapshot {
        var calls: Int
        var messages: Int
        var cpu: Duration
        var at: UInt64
    }

    func run() async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.any()
        let meter = LoadMeter(budget: plan.messages)
        let outcome: Result<LoadResult, any Error>
        do {
            let connections = try await connect(on: eventLoop, meter)
            outcome = .success(try await drive(connections, on: eventLoop, meter))
        } catch let loss as RPCLoss {
            outcome = .failure(ApusError(loss.error))
        } catch {
            outcome = .failure(error)
        }
        try? await group.shutdownGracefully()
        return try outcome.get()
    }

    private func connect(on eventLoop: any EventLoop, _ meter: LoadMeter) async throws -> [LoadConnection] {
        var connections: [LoadConnection] = []
        // Some at a time: a listening socket's queue is short.
        let atOnce = 32
        let run = UInt64.random(in: 0...UInt64.max)
        for start in stride(from: 0, to: plan.connections, by: atOnce) {
            let futures = (start..<min(start + atOnce, plan.connections)).map { number in
                LoadConnection.connect(
                    to: address, on: eventLoop, meter: meter, frame: frame(batch: "bench-\(run)-\(number)"),
                    inFlight: plan.inFlight, credential: credential, credentials: credentials, tls: tls)
            }
            for future in futures { connections.append(try await future.get()) }
        }
        return connections
    }

    private func frame(batch: String) -> LoadFrame {
        switch plan.kind {
        case .null: .send(.null, plan.message, credentialBytes: credentials.first?.count ?? 0)
        case .send: .send(.send, plan.message, credentialBytes: credentials.first?.count ?? 0)
        case .bulk(let chunk): .bulk(batch: batch, plan.message, count: min(chunk, plan.messages ?? chunk))
        }
    }

    private func drive(
        _ connections: [LoadConnection], on eventLoop: any EventLoop, _ meter: LoadMeter
    ) async throws -> LoadResult {
        // With a given number of messages every call counts, so there is no warm-up.
        let hasWarmUp = plan.messages == nil
        var begin = try await snapshot(eventLoop, meter, isMeasuring: !hasWarmUp)
        try await eventLoop.submit { for connection in connections { connection.start() } }.get()
        if hasWarmUp {
            try await Task.sleep(for: LoadPlan.warmUp)
            begin = try await snapshot(eventLoop, meter, isMeasuring: true)
        }
        try await waitForEnd(connections, on: eventLoop)
        let end = try await snapshot(eventLoop, meter, isMeasuring: false)
        let start = begin

        let drained = try await eventLoop.submit { connections.map { $0.stop() } }.get()
        let deadline = eventLoop.scheduleTask(in: .seconds(30)) {
            for connection in connections { connection.close() }
        }
        for connection in drained { try await connection.get() }
        deadline.cancel()
        return try await eventLoop.submit {
            for connection in connections { connection.close() }
            return LoadResult(
                calls: end.calls - start.calls, messages: end.messages - start.messages, refused: meter.refused,
                firstError: meter.firstError, seconds: Double(end.at - start.at) / 1e9, serverCPU: end.cpu - start.cpu,
                latencies: meter.latencies)
        }.get()
    }

    /// Until the time is over, the messages are sent or no connection is left.
    private func waitForEnd(_ connections: [LoadConnection], on eventLoop: any EventLoop) async throws {
        let deadline = plan.seconds.map { ContinuousClock.now + .seconds($0) }
        while true {
            let now = ContinuousClock.now
            if let deadline, now >= deadline { return }
            let tick = now + .milliseconds(10)
            try await Task.sleep(until: deadline.map { min($0, tick) } ?? tick)
            let isIdle = try await eventLoop.submit { connections.allSatisfy(\.isIdle) }.get()
            if isIdle { return }
        }
    }

    /// The daemon's time, then the calls answered by then.
    private func snapshot(
        _ eventLoop: any EventLoop, _ meter: LoadMeter, isMeasuring: Bool
    ) async throws -> Snapshot {
        let statistics = try await client.statistics()
        return try await eventLoop.submit {
            meter.isMeasuring = isMeasuring
            return Snapshot(
                calls: meter.calls, messages: meter.messages, cpu: statistics.cpu, at: LoadMeter.now())
        }.get()
    }
}
