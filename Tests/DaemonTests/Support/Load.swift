internal import ApusClient
internal import Synchronization

internal import struct SMSModel.SeededGenerator

/// Callers that send as fast as they are answered, singly and in bulk, and keep account of what was acknowledged.
///
/// They go on over the daemon's restarts: a call whose answer was lost is repeated under its key by the client.
final class Load: Sendable {
    /// What was acknowledged so far.
    struct Account {
        var sends: [String: MessageID] = [:]
        var bulk: [UInt64: MessageID] = [:]
        var duplicates = 0
        /// A key or a place in the batch that was answered with two different ids, or an error.
        var faults: [String] = []

        var count: Int { sends.count + bulk.count }
        var ids: [MessageID] { Array(sends.values) + Array(bulk.values) }

        mutating func add(_ key: String, _ receipt: SendReceipt) {
            if let known = sends.updateValue(receipt.id, forKey: key), known != receipt.id {
                faults.append("key \(key): \(known) and \(receipt.id)")
            }
            if receipt.duplicate { duplicates += 1 }
        }

        mutating func add(_ progress: BulkProgress) {
            for (offset, id) in progress.ids.enumerated() {
                let index = progress.firstIndex + UInt64(offset)
                guard let id else {
                    faults.append("place \(index) was refused: \(progress.refusals)")
                    continue
                }
                if let known = bulk.updateValue(id, forKey: index), known != id {
                    faults.append("place \(index): \(known) and \(id)")
                }
            }
        }
    }

    static let batch = "load"
    private let account = Mutex(Account())
    private let isStopped = Atomic<Bool>(false)

    var acknowledged: Account { account.withLock { $0 } }
    var count: Int { account.withLock { $0.count } }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Runs until ``stop()`` and until all that was begun is answered.
    func run(_ client: GatewayClient, senders: Int, seed: UInt64) async {
        await withTaskGroup { group in
            for sender in 0..<senders {
                group.addTask { await self.send(client, sender: sender, seed: seed) }
            }
            group.addTask { await self.sendBulk(client) }
        }
    }

    private func send(_ client: GatewayClient, sender: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed &+ UInt64(sender))
        var number = 0
        while !isStopped.load(ordering: .relaxed) {
            number += 1
            let key = "\(sender)-\(number)"
            let priority = [MessagePriority.urgent, .normal, .normal, .bulk].randomElement(using: &random)
            let to = Self.number(.random(in: 0...99, using: &random))
            let message = OutgoingMessage(to: to, body: key, priority: priority)
            do {
                let receipt = try await client.send(message, idempotencyKey: key)
                account.withLock { $0.add(key, receipt) }
            } catch {
                account.withLock { $0.faults.append("key \(key): \(error)") }
            }
        }
    }

    private func sendBulk(_ client: GatewayClient) async {
        var options = BulkOptions()
        options.messagesPerChunk = 50
        options.chunksInFlight = 3
        do {
            _ = try await client.bulk(Messages(load: self), batch: Self.batch, options: options) { progress in
                self.account.withLock { $0.add(progress) }
            }
        } catch {
            account.withLock { $0.faults.append("bulk: \(error)") }
        }
    }

    /// A number that the sandbox has no tricks for.
    static func number(_ place: Int) -> String {
        "+1415555" + String(1000 + place % 9000)
    }

    /// Messages without end, until the load is stopped.
    private struct Messages: AsyncSequence, AsyncIteratorProtocol {
        let load: Load
        var index = 0

        mutating func next() async -> OutgoingMessage? {
            guard !load.isStopped.load(ordering: .relaxed) else { return nil }
            defer { index += 1 }
            return OutgoingMessage(to: Load.number(index), body: "bulk \(index)")
        }

        func makeAsyncIterator() -> Self { self }
    }
}
