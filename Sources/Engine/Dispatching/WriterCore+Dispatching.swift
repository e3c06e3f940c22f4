internal import DequeModule
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage

/// Reads the rows that the dispatcher's decisions need, asks it, and records what it decides.
extension WriterCore {
    // MARK: Claims

    /// Claims what the providers have room for, the best message first.
    mutating func claim(urgentOnly: Bool = false, now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        guard dispatcher.open.recoveryCursor == nil else { return }
        dispatcher.returnSetAsideIfProviderRecovered()
        dispatcher.open.takeDue(now: now)
        try expire(now: now)
        guard dispatcher.mayClaim else { return }
        dispatcher.pool.refresh(&dispatcher.open.queue, now: now)
        while let entry = dispatcher.open.nextInTurn(urgentOnly: urgentOnly) {
            try claim(entry, now: now)
            if deadline.isOver(after: 1) { break }
        }
    }

    private mutating func claim(_ entry: QueuedEntry, now: Int64) throws(StoreError) {
        guard let content = try content(of: entry.message.id) else { return dispatcher.open.left(entry) }
        let hasLifecycle = dispatcher.open.hasStoredLifecycle(entry.message.id)
        let known = hasLifecycle ? try store.lifecycle(of: entry.message.id) : nil
        var stored = known ?? StoredLifecycle(waiting: entry.message.id, content)
        let before = stored.lifecycle.mark
        switch dispatcher.decide(entry, content, &stored, isFirst: known == nil, now: now) {
        case .waits: break
        case .leaves: dispatcher.open.left(entry)
        case .ends:
            if try store.record(stored, since: before, isFirst: known == nil) { noteUnresolved(stored.lifecycle) }
            dispatcher.open.left(entry)
        case .handsOver(let choice):
            guard try store.record(stored, since: before, isFirst: known == nil) else {
                return dispatcher.open.left(entry)
            }
            dispatcher.handOver(choice, content, stored, now: now)
        }
    }

    /// Settles messages whose validity is over, also where they wait for a provider.
    private mutating func expire(now: Int64) throws(StoreError) {
        guard now >= dispatcher.expiryDue else { return }
        dispatcher.expiryDue = now + 50
        for (entry, hasLifecycle) in dispatcher.open.takeExpired(now: now) {
            let id = entry.message.id
            guard let content = try content(of: id) else { continue }
            let known = hasLifecycle ? try store.lifecycle(of: id) : nil
            var stored = known ?? StoredLifecycle(waiting: id, content)
            let before = stored.lifecycle.mark
            guard stored.lifecycle.expired(at: now) else { continue }
            if try store.record(stored, since: before, isFirst: known == nil) { noteUnresolved(stored.lifecycle) }
        }
    }

    /// The content of a waiting message, from memory or from the store; nil if it is in neither.
    private mutating func content(of id: MessageID) throws(StoreError) -> MessageContent? {
        if let content = dispatcher.open.contents.take(id, { MessageContent(draft: $0, arena: $1, batch: $2) }) {
            return content
        }
        return try storedContent(of: id)
    }

    private func storedContent(of id: MessageID) throws(StoreError) -> MessageContent? {
        var arena = MessageDrafts()
        guard let loaded = try store.load(id, into: &arena) else { return nil }
        return MessageContent(draft: loaded.draft, arena: arena, batch: loaded.batch)
    }

    // MARK: Answers

    mutating func takeAnswers(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        while let list = pending.answers.popFirst() {
            intake.answers.append(list)
            for answer in list { try take(answer, now: now) }
            operations += UInt64(list.count)
            if deadline.isOver(after: list.count) { return }
        }
    }

    /// A provider's answer; one to an attempt that is not under way is ignored.
    private mutating func take(_ answer: AttemptAnswer, now: Int64) throws(StoreError) {
        guard let flight = dispatcher.open.answered(answer.id, attempt: answer.attempt) else { return }
        let rows = try rows(dispatcher.needs(answer.outcome, flight), flight)
        var stored = flight.stored
        let before = stored.lifecycle.mark
        if let optOut = dispatcher.answered(answer, flight, &stored, rows, now: now) {
            try store.carriers.remember(optOut)
            try store.carriers.forget(dispatcher.carrierOptOuts.insert(optOut))
        }
        if try store.record(stored, since: before, isFirst: false) { noteUnresolved(stored.lifecycle) }
        dispatcher.open.keep(stored)
        if !unmatched.isEmpty, case .accepted(let id, _, let parts) = answer.outcome {
            let provider = dispatcher.pool.states[flight.provider].number
            for id in [id] + (parts?.furtherIDs ?? []) {
                try identified(answer.id, answer.attempt, by: provider, as: id, now: now)
            }
        }
    }

    private func rows(
        _ needs: Dispatcher.AnswerNeeds, _ flight: InFlight
    ) throws(StoreError) -> Dispatcher.AnswerRows {
        var rows = Dispatcher.AnswerRows()
        if needs.content { rows.content = try storedContent(of: flight.stored.lifecycle.id) }
        if needs.batch { rows.isBatchCanceled = try isCanceled(flight.stored.batch, flight.stored.tenant) }
        return rows
    }

    private func isCanceled(_ batch: BatchID?, _ tenant: TenantID) throws(StoreError) -> Bool {
        guard let batch else { return false }
        return try store.batch(tenant: tenant, .id(batch))?.canceled == true
    }

    // MARK: Possibly sent

    /// Settles messages that were being submitted when the gateway stopped: they may have been sent.
    mutating func settlePossiblySent(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        while let message = possiblySent.popLast() {
            intake.possiblySent.append(message)
            try settle(message, now: now)
            operations += 1
            if deadline.isOver(after: 1) { return }
        }
    }

    private mutating func settle(_ message: RecoveredMessage, now: Int64) throws(StoreError) {
        guard let lifecycle = message.lifecycle else { return }
        var stored = StoredLifecycle(lifecycle: lifecycle, tenant: message.tenant, batch: message.batch)
        let isBatchCanceled = try isCanceled(message.batch, message.tenant)
        dispatcher.possiblySent(message, &stored, isBatchCanceled: isBatchCanceled, now: now)
        if try store.record(stored, since: lifecycle.mark, isFirst: false) { noteUnresolved(stored.lifecycle) }
    }

    /// Notes the attempt of which nobody knows whether it was taken, if the message is held because of one.
    func noteUnresolved(_ lifecycle: MessageLifecycle) {
        if lifecycle.state == .unknown, let doubt = lifecycle.unresolvedAttempt { store.round.unresolved.append(doubt) }
    }
}

extension StoredLifecycle {
    /// The beginning of a message's life, of which nothing but its acceptance is stored.
    init(waiting id: MessageID, _ content: MessageContent) {
        self.init(
            lifecycle: MessageLifecycle(id: id, waiting: content.draft.waitingState), tenant: content.draft.tenant,
            batch: content.batch)
    }
}
