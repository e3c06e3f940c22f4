internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// The power goes at random writes and syncs of a store whose indices are flushed and merged, whose days pass and
/// whose logs are copied all the time.
@Suite struct StorePowerLossTests {
    private static let isSoak = ProcessInfo.processInfo.environment["APUS_SOAK"] != nil

    @Test(.timeLimit(.minutes(30))) func nothingAcknowledgedIsLost() throws {
        let trial = try PowerLossTrial(seed: 7)
        let cuts = Self.isSoak ? 250 : 40
        for number in 0..<cuts { try trial.cut(isTorn: number % 2 == 1) }
        #expect(trial.faults == [])
        #expect(trial.messages > 1000)
        #expect(trial.generation > 100)
        // Every quota was met, so that it could have been passed.
        #expect(trial.refused.count == 3)
        let refused = trial.refused.values.reduce(0, +)
        print(
            "store: \(cuts) cuts over \(trial.days) days, \(trial.messages) messages and \(trial.steps) steps "
                + "acknowledged, \(refused) refused for a quota, \(trial.faults.count) faults")
    }

    /// The disk that these tests use does lose what is not synced.
    @Test(.timeLimit(.minutes(10))) func aStoreThatDoesNotSyncIsFoundOut() throws {
        let trial = try PowerLossTrial(seed: 9)
        for _ in 0..<8 where trial.faults.isEmpty { try trial.cut(isTorn: false, isSynced: false) }
        #expect(!trial.faults.isEmpty)
    }
}

/// A directory, what a store acknowledged over it, and what was found wrong.
private final class PowerLossTrial {
    private let directory = TemporaryDirectory()
    private let disk: PowerLossDisk
    private var generator: SeededGenerator
    private var known: [MessageID: (key: String, state: MessageState)] = [:]
    private var today: UInt64 = 0
    private var firstDay: UInt64?
    private(set) var messages = 0
    private(set) var steps = 0
    /// How many were refused for a quota, by its kind.
    private(set) var refused: [AcceptResult.Kind: Int] = [:]
    private var quotas: [TenantID: TenantQuota] = [:]
    private(set) var generation: UInt32 = 0
    private(set) var faults: [String] = []
    private static let recordDays: UInt64 = 3

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        disk = try PowerLossDisk(data: directory.file("data"), scratch: directory.path)
        try disk.settle()
    }

    var days: UInt64 { today - (firstDay ?? today) }

    func cut(isTorn: Bool, isSynced: Bool = true) throws {
        let cut = Int.random(in: 1...4000, using: &generator)
        let seed = isTorn ? generator.next() | 1 : 0
        let words = [String(generator.next() >> 1), "1000000"] + (isSynced ? [] : ["normal"])
        let run = try exercise(directory.file("data"), words, disk.environment(cut: cut, seed: seed))
        try require(run.wasCut, "it ended by itself: \(run.errors)")
        for line in run.lines { note(line) }
        try disk.restore()
        try check()
        // Only now that the store is closed: closing writes too.
        try disk.settle()
    }

    private func note(_ line: Substring) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch (words.first, words.count) {
        case ("message", 3):
            guard let id = MessageID(words[1]), known[id] == nil else { return }
            known[id] = (String(words[2]), .queued)
            messages += 1
        case ("state", 3):
            guard let id = MessageID(words[1]), let state = UInt8(words[2]).flatMap(MessageState.init) else { return }
            known[id]?.state = state
            steps += 1
        case ("over", 2):
            if let kind = UInt8(words[1]).flatMap(AcceptResult.Kind.init) { refused[kind, default: 0] += 1 }
        case ("quota", 5):
            guard let tenant = Int32(words[1]) else { return }
            quotas[TenantID(rawValue: tenant)] = TenantQuota(
                segmentsPerDay: UInt64(words[2]), costPerMonth: Int64(words[3]), waitingMessages: UInt64(words[4]))
        case ("generation", 2): generation = max(generation, UInt32(words[1]) ?? 0)
        case ("day", 2):
            today = max(today, UInt64(words[1]) ?? 0)
            firstDay = firstDay ?? today
        default: break
        }
    }

    /// All that was acknowledged is there, as far as retention leaves it; keys find their messages; nothing is amiss.
    private func check() throws {
        // The last round, of which nobody was told, may have seen the next day.
        let latest = today + 1
        known = known.filter { latest - Day(of: $0.key).number <= Self.recordDays + 1 }
        let now = Int64(today * 86_400_000)
        let store = try SQLiteMessageStore(directory: directory.file("data"), now: max(now, 1_800_000_000_000)) { _ in }
        var arena = MessageDrafts()
        for (id, told) in known {
            let age = latest - Day(of: id).number
            guard try store.load(id, into: &arena) != nil else {
                if age <= Self.recordDays { faults.append("\(id) is lost") }
                continue
            }
            let state = try store.lifecycle(of: id)?.lifecycle.state ?? .queued
            if !isLater(state, told.state) { faults.append("\(id) was \(told.state.name), and is \(state.name)") }
        }
        try checkQuotas(store, now: now)
        let newest = try store.administration.generation()
        // Those of rounds of which nobody was told stay.
        if newest < generation { faults.append("generation \(generation) is lost, \(newest) is the newest") }
        if try store.administration.audit(before: nil, limit: .max).count != newest {
            faults.append("the audit log does not tell of each generation")
        }
        let keyed = known.filter { !$0.value.key.isEmpty && Int64($0.key.milliseconds) > now - 3_600_000 }
        for (id, told) in keyed.prefix(200) {
            let at = Int64(id.milliseconds) + 3_600_000
            let again = try store.accept([TestMessage { $0.key = told.key }], now: at)[0]
            if again.kind == .accepted || again.id != id { faults.append("the key of \(id) made \(again.id)") }
        }
        faults += try SQLiteVerification.run(directory.file("data")).faults
        try store.checkpoint(isIdle: true)
    }

    /// No quota is passed, neither today nor on an earlier day. That usage is what the rows say is verified too.
    private func checkQuotas(_ store: SQLiteMessageStore, now: Int64) throws {
        func atMost(_ most: some BinaryInteger, _ used: some BinaryInteger, _ what: String) {
            if used > most { faults.append("\(what): \(used) used, of \(most)") }
        }
        for (tenant, quota) in quotas {
            let usage = try store.usage(of: tenant, now: now)
            atMost(quota.costPerMonth ?? .max, usage.costThisMonth, "cost of \(tenant)")
            atMost(quota.waitingMessages ?? .max, usage.waitingMessages, "waiting of \(tenant)")
            for day in store.catalog.days {
                guard let charges = try store.files.file(of: day)?.usage.charges() else { continue }
                atMost(quota.segmentsPerDay ?? .max, charges[tenant]?.segments ?? 0, "segments of \(tenant) on \(day)")
            }
        }
    }

    /// Whether a message that was told to be in `told` may be in `state` by steps of which nobody was told.
    private func isLater(_ state: MessageState, _ told: MessageState) -> Bool {
        switch told {
        case .sent: state == .sent || state == .delivered
        case .submitting, .queued, .scheduled, .accepted: true
        default: state == told
        }
    }
}

/// Runs `storeexercise` to its end.
private func exercise(
    _ directory: String, _ words: [String], _ environment: [String: String]
) throws -> (lines: [Substring], wasCut: Bool, errors: String) {
    let process = Process()
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("storeexercise")
    process.executableURL =
        FileManager.default.isExecutableFile(atPath: program.path)
        ? program
        : URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent().appendingPathComponent("storeexercise")
    process.arguments = [directory] + words
    process.environment = environment
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    // A line that is cut short is none.
    lines.removeLast()
    let wasCut = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    guard wasCut || process.terminationStatus == 0 else {
        throw ConformanceFailure(description: "storeexercise failed: \(complaints)")
    }
    return (lines, wasCut, complaints)
}
