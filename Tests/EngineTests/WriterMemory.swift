internal import GatewayTestKit
internal import SMSModel
internal import Scheduling
internal import Storage

@testable internal import Engine

/// What a writer has in memory, as far as it follows from the store.
struct WriterMemory: Equatable {
    /// Messages that wait, and whether each has a lifecycle in the store.
    var waiting: [MessageID: Bool] = [:]
    /// When those are due that wait for a time.
    var delayed: [MessageID: Int64] = [:]
    /// Messages at providers, or that were when the gateway stopped.
    var submitting: Set<MessageID> = []
    var paused: [String] = []
    var canceling: Set<BatchID> = []
    var replies: [MessageID: UInt8] = [:]
    var carrierOptOuts = 0
    /// Ids of receipts that match no message yet.
    var unmatched: Set<Int64> = []
    var waitingParts = 0
}

extension WriterCore {
    /// Looks at everything; canceled messages are dropped on the way.
    mutating func memory(now: Int64) -> WriterMemory {
        var memory = WriterMemory()
        var ids: Set<MessageID> = []
        _ = dispatcher.open.queue.extract {
            ids.insert($0)
            return false
        }
        var (delays, senders, held) = (dispatcher.open.delays, dispatcher.open.senders, dispatcher.open.held)
        for entry in delays.extract(where: { _ in true }) {
            ids.insert(entry.message.id)
            if entry.due > now { memory.delayed[entry.message.id] = entry.due }
        }
        for entry in senders.takeAll() { ids.insert(entry.message.id) }
        for batch in held.batches { for entry in held.release(batch) { ids.insert(entry.message.id) } }
        for id in ids { memory.waiting[id] = dispatcher.open.hasStoredLifecycle(id) }
        memory.submitting = dispatcher.open.inFlightIDs.union(possiblySent.map(\.id))
        memory.paused = pausedNames
        memory.canceling = Set(cancellations.map(\.batch))
        memory.replies = dispatcher.replies
        memory.carrierOptOuts = dispatcher.carrierOptOuts.count
        memory.unmatched = unmatched.ids
        memory.waitingParts = waitingParts
        return memory
    }
}

extension WriterDriver {
    /// A failed round has left in memory what a start over the same data would find.
    /// - Throws: what differs.
    func requireMemoryAsStored() throws {
        let fresh = try WriterDriver(names: names, over: directory, now: now)
        var (own, stored) = (memory(), fresh.memory())
        // A message that is canceled while its batch is paused stays until its turn, and has ended in the store.
        for id in Set(own.waiting.keys).subtracting(stored.waiting.keys)
        where try state(of: id)?.isFinal == true {
            own.waiting[id] = nil
        }
        // One of a batch that is being canceled may have come to its turn already.
        for id in Set(stored.waiting.keys).subtracting(own.waiting.keys) where try isCanceling(id, stored) {
            stored.waiting[id] = nil
            stored.delayed[id] = nil
        }
        // A receipt that comes before the answer settles a message, but the provider still has it.
        for id in own.submitting.subtracting(stored.submitting) {
            if let state = try state(of: id), state.isFinal || state == .sent { own.submitting.remove(id) }
        }
        // What a durable round has applied, the store lets go of in the next one: a start would apply it again.
        stored.unmatched.subtract(core.unmatched.applied)
        guard own == stored else { throw Difference(own: own, stored: stored) }
        let slots = report.providers.reduce(0) { $0 + Int($1.inFlight) }
        guard slots == core.dispatcher.open.inFlightCount || !core.possiblySent.isEmpty else {
            throw Mismatch(
                description: "\(slots) slots are taken for \(core.dispatcher.open.inFlightCount) messages")
        }
    }

    private func isCanceling(_ id: MessageID, _ memory: WriterMemory) throws -> Bool {
        var arena = MessageDrafts()
        guard let batch = try store.load(id, into: &arena)?.batch else { return false }
        return memory.canceling.contains(batch)
    }

    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    private struct Difference: Error, CustomStringConvertible {
        let own: WriterMemory
        let stored: WriterMemory

        var description: String {
            let (mine, theirs) = (Set(own.waiting.keys), Set(stored.waiting.keys))
            return """
                waits in memory alone: \(mine.subtracting(theirs)); in the store alone: \(theirs.subtracting(mine)); \
                with a lifecycle in one of them: \
                \(mine.intersection(theirs).filter { own.waiting[$0] != stored.waiting[$0] }); \
                delayed: \(own.delayed.filter { stored.delayed[$0.key] != $0.value }) and \
                \(stored.delayed.filter { own.delayed[$0.key] != $0.value }); \
                submitting: \(own.submitting.symmetricDifference(stored.submitting)); \
                paused: \(own.paused), \(stored.paused); canceling: \(own.canceling), \(stored.canceling); \
                replies: \(own.replies), \(stored.replies); unmatched: \(own.unmatched), \(stored.unmatched); \
                opt-outs: \(own.carrierOptOuts), \(stored.carrierOptOuts); \
                parts: \(own.waitingParts), \(stored.waitingParts)
                """
        }
    }
}
