internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage
internal import Synchronization
internal import Testing

@testable internal import Engine

/// A provider's look-up: it keeps what it is asked until the test answers.
final class ScriptedLookUp: MessageLookUp {
    private let asked = Mutex<[(question: LookUpQuestion, answer: @Sendable (LookUpAnswer) -> Void)]>([])
    private let answered = Mutex(0)

    func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void) {
        asked.withLock { $0.append((question, answer)) }
    }

    /// What became of which of the provider's messages: in order, and whom to tell.
    private let statuses = Mutex<[(providerID: String, answer: @Sendable (StatusAnswer) -> Void)]>([])

    func askStatus(of providerID: String, answer: @escaping @Sendable (StatusAnswer) -> Void) {
        statuses.withLock { $0.append((providerID, answer)) }
    }

    /// Ids of the messages that it was asked about, and that it has not told of.
    var statusQuestions: [String] { statuses.withLock { $0.map(\.providerID) } }

    /// Tells what became of the message that it was asked about first.
    func tell(_ status: StatusAnswer) { statuses.withLock { $0.removeFirst() }.answer(status) }

    func stop() {}

    /// All it was ever asked, in order.
    var questions: [LookUpQuestion] { asked.withLock { $0.map(\.question) } }

    /// Answers the oldest question that has no answer yet.
    func answer(_ answer: LookUpAnswer) {
        let next = answered.withLock { count in
            count += 1
            return count - 1
        }
        asked.withLock { asked in next < asked.count ? asked[next].answer : nil }?(answer)
    }
}

/// A reconciler without its thread alongside a writer without its own: a test is the clock, and has what is read and
/// written done in its turn.
final class ReconcilerDriver: Sendable {
    private let time = ManualTime(start)
    private let lookUps: Mutex<[UInt8: ScriptedLookUp]>
    private let reads = Mutex<[@Sendable (SQLiteStatusReader) -> Void]>([])
    private let commands = Mutex<[WriterCommand]>([])

    /// - Parameter lookUps: by the providers' numbers.
    init(_ lookUps: [UInt8: ScriptedLookUp]) {
        self.lookUps = Mutex(lookUps)
    }

    func remove(_ provider: UInt8) { lookUps.withLock { $0[provider] = nil } }

    func reconciler(
        capacity: Int = Limits.reconciliations,
        log: GatewayLog = GatewayLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    ) -> Reconciler {
        Reconciler(capacity: capacity, access(log: log), seed: 1) { [self] command in
            commands.withLock { $0.append(command) }
        }
    }

    private func access(log: GatewayLog) -> LookUpAccess {
        LookUpAccess(
            read: { [self] read in reads.withLock { $0.append(read) } },
            lookUp: { [self] provider in
                lookUps.withLock { $0[provider] }.map { (provider: "provider \(provider)", lookUp: $0) }
            }, now: { [time] in time.now }, log: log)
    }

    /// It is as late for the reconciler as it is for the writer.
    func keepTime(_ driver: WriterDriver) { time.advance(driver.now - time.now) }

    /// Turns all until nothing is left to do at this moment.
    /// - Returns: when the reconciler wants to be woken, in milliseconds from now; nil = never.
    @discardableResult
    func run(_ reconciler: Reconciler, _ driver: WriterDriver) throws -> Int64? {
        while true {
            driver.run()
            keepTime(driver)
            let unresolved = driver.takeUnresolved()
            if !unresolved.isEmpty { reconciler.heard(unresolved) }
            let wait = reconciler.turn()
            let reads = self.reads.withLock { reads in
                defer { reads = [] }
                return reads
            }
            let reader = try SQLiteStatusReader(directory: driver.directory.path)
            for read in reads { read(reader) }
            commands.withLock { commands in
                driver.inbox.commands += commands
                commands = []
            }
            if reads.isEmpty, driver.inbox.isEmpty { return wait }
        }
    }
}
