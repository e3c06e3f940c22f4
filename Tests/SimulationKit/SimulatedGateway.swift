internal import Admission
internal import Engine
internal import GatewayTestKit
internal import Logging
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage
internal import Synchronization

/// A gateway whose every turn the simulation takes: the writer, the reconciler and the receipt inquiry as the daemon has
/// them, without their threads, over a store that fails when told to.
final class SimulatedGateway {
    let directory = TemporaryDirectory()
    private let time = ManualTime()
    private let steady: SteadyClock
    private var options: WriterOptions
    private let log = GatewayLog(Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() })
    private let plant: Plant?
    /// The writer's, which is called by the simulation's thread alone, as the simulation's own look at it.
    private(set) var store: FailingStore
    private(set) var writer: Writer
    private var reconciler: Reconciler
    private var inquiry: ReceiptInquiry
    private let desk = ReadingDesk()
    /// Keyed by their numbers, which stay theirs whatever becomes of them.
    private(set) var lookUps: [UInt8: SimulatedLookUp] = [:]
    /// All that were ever there since the start, in order; the last of a name is the one in use.
    private(set) var carriers: [SimulatedCarrier] = []
    private var routes: [Route]?
    private var limits = ProviderLimits()
    private var inUse: [String]
    private var seeds: SeededGenerator

    static let names = ["one", "two", "three"]

    init(limits: ProviderLimits, options: WriterOptions, seeds: SeededGenerator, plant: Plant?) throws {
        self.limits = limits
        self.options = options
        self.seeds = seeds
        self.plant = plant
        inUse = Array(Self.names.prefix(2))
        steady = SteadyClock()
        store = FailingStore(try SQLiteMessageStore(directory: directory.path, now: time.now) { _ in })
        for (place, name) in Self.names.enumerated() {
            try store.begin()
            let number = try store.providerIndex(name: name, kind: "simulated")
            try store.commit()
            precondition(Int(number) == place + 1)
            lookUps[number] = SimulatedLookUp()
        }
        carriers = inUse.map { SimulatedCarrier(name: $0, number: Self.number(of: $0)) }
        let parts = try Self.assemble(
            store, carriers, limits, routes, options, time, steady, desk, lookUps, log, &self.seeds)
        (writer, reconciler, inquiry) = parts
        connect(carriers)
    }

    static func number(of name: String) -> UInt8 { UInt8(names.firstIndex(of: name)! + 1) }

    private static func assemble(
        _ store: FailingStore, _ carriers: [SimulatedCarrier], _ limits: ProviderLimits, _ routes: [Route]?,
        _ options: WriterOptions, _ time: ManualTime, _ steady: SteadyClock, _ desk: ReadingDesk,
        _ lookUps: [UInt8: SimulatedLookUp], _ log: GatewayLog, _ seeds: inout SeededGenerator
    ) throws -> (Writer, Reconciler, ReceiptInquiry) {
        let writer = try Writer(
            store: store,
            providers: carriers.map { ConfiguredProvider(provider: $0, number: $0.number, limits: limits) },
            routes: routes,
            suppressions: SuppressionList(), options: options,
            clock: GatewayClock(log: log.logger) { (time.now, time.now) }, log: log,
            monotonic: { steady.look() })
        let access = LookUpAccess(
            read: { desk.ask($0) },
            lookUp: { number in lookUps[number].map { (provider: names[Int(number) - 1], lookUp: $0) } },
            now: { time.now }, log: log)
        let reconciler = Reconciler(access, seed: seeds.next()) { writer.command($0) }
        let inquiry = ReceiptInquiry(
            rule: .receipts(firstAfter: Limits.receiptLookUpMilliseconds), access, seed: seeds.next()
        ) { writer.carrierReported($0) }
        writer.onUnresolved { [weak reconciler] in reconciler?.heard($0) }
        writer.tellReceipts { [weak inquiry] in inquiry?.heard($0) }
        return (writer, reconciler, inquiry)
    }

    private func connect(_ carriers: [SimulatedCarrier]) {
        for carrier in carriers {
            let road = CarrierRoad(to: writer, from: carrier.number, name: carrier.name)
            carrier.start(events: plant.map { FaultyRoad($0, before: road) } ?? road)
        }
    }

    // MARK: Time and turns

    /// Looks at what the turn did before another one does more.
    var afterTurn: (() throws -> Void)?

    var now: Int64 { time.now }

    func advance(_ milliseconds: Int64) { time.advance(milliseconds) }

    /// One turn of each part.
    /// - Returns: milliseconds until the next is due; nil = once there is something new.
    @discardableResult
    func turn() throws -> Int64? {
        let waits = [writer.turn(), reconciler.turn(), inquiry.turn()]
        try afterTurn?()
        try desk.read(directory.path)
        return waits.compactMap(\.self).min()
    }

    /// Turns until nothing is left to do at this moment.
    func run() throws {
        var turns = 0
        while try turn() == 0 || writer.hasWork || desk.hasWork {
            turns += 1
            guard turns < 20_000 else { throw Fault("the gateway does not come to rest") }
        }
    }

    /// Lets time pass, and has the gateway woken exactly when it asked to be.
    func run(for milliseconds: Int64) throws {
        let end = now + milliseconds
        try run()
        while let wait = try turn(), now + wait <= end {
            time.advance(max(1, wait))
            try run()
        }
        time.advance(max(0, end - now))
        try run()
    }

    // MARK: Changes

    /// Takes other providers and routes into use: those that go on as they are, and new ones in place of others.
    func configure(_ names: [String], replacing replaced: Set<String>, routes: [Route]?, limits: ProviderLimits) {
        (inUse, self.routes, self.limits) = (names, routes, limits)
        var pooled: [ConfiguredProvider] = []
        for name in names {
            var carrier = current.first { $0.name == name }
            if carrier == nil || replaced.contains(name) {
                let new = SimulatedCarrier(name: name, number: Self.number(of: name))
                connect([new])
                retired.formUnion(current.filter { $0.name == name }.map(ObjectIdentifier.init))
                carriers.append(new)
                carrier = new
            }
            pooled.append(ConfiguredProvider(provider: carrier!, number: carrier!.number, limits: limits))
        }
        retired.formUnion(current.filter { !names.contains($0.name) }.map(ObjectIdentifier.init))
        writer.command(.configureProviders(pooled, routes: routes))
    }

    /// Carriers that the configuration has no more.
    private(set) var retired: Set<ObjectIdentifier> = []

    var current: [SimulatedCarrier] { carriers.filter { !retired.contains(ObjectIdentifier($0)) } }

    /// Ends without a word, and starts again over the same data. What the carriers had is not answered by them any more.
    func restart() throws {
        let links = Dictionary(current.map { ($0.name, $0.link) }) { $1 }
        retired = []
        desk.forget()
        for number in lookUps.keys { lookUps[number] = SimulatedLookUp() }
        carriers = inUse.map { SimulatedCarrier(name: $0, number: Self.number(of: $0)) }
        for carrier in carriers { links[carrier.name].map(carrier.setLink) }
        store = FailingStore(try SQLiteMessageStore(directory: directory.path, now: now) { _ in })
        (writer, reconciler, inquiry) = try Self.assemble(
            store, carriers, limits, routes, options, time, steady, desk, lookUps, log, &seeds)
        connect(carriers)
        reconciler.recover()
        inquiry.recover()
        try run()
    }
}

/// A clock that goes on by the same time at each look: a round's bound falls behind the same message in every run.
private final class SteadyClock: Sendable {
    private let nanoseconds = Mutex<Int64>(0)

    func look() -> Int64 {
        nanoseconds.withLock {
            $0 += 20_000
            return $0
        }
    }
}

/// Reads for those who ask, in their order, when the simulation lets it.
private final class ReadingDesk: Sendable {
    private let waiting = Mutex<[@Sendable (SQLiteStatusReader) -> Void]>([])

    func ask(_ reading: @escaping @Sendable (SQLiteStatusReader) -> Void) { waiting.withLock { $0.append(reading) } }

    func forget() { waiting.withLock { $0 = [] } }

    var hasWork: Bool { waiting.withLock { !$0.isEmpty } }

    func read(_ directory: String) throws {
        let readings = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !readings.isEmpty else { return }
        let reader = try SQLiteStatusReader(directory: directory)
        for reading in readings { reading(reader) }
    }
}
