internal import DequeModule
internal import Logging
internal import Providers
internal import SMSModel
internal import Storage

/// The consequences of a store that does not write: the round is dropped, and those who asked are refused.
extension WriterCore {
    /// The store refuses to write.
    struct StoreTrouble {
        var error: StoreError
        /// When to try again; nil = not before a restart.
        var retryAt: Int64?

        init(_ error: StoreError, now: Int64) {
            self.error = error
            retryAt = error.isPassing ? now + 1000 : nil
        }
    }

    /// Nothing of the round happened, or only some of it: callers are told, carriers' words are kept for the next round,
    /// and memory is as the store.
    mutating func failed(_ error: StoreError, now: Int64) {
        store.rollback()
        let wasWell = trouble == nil
        trouble = StoreTrouble(error, now: now)
        effects = RoundEffects(draining: effects.draining)
        // A round that only tried whether the store writes again has changed nothing.
        if wasWell {
            log.logger.error("the store does not write", metadata: ["reason": "\(error.text)"])
            undo(error, now: now)
        }
        refuse(error, now: now)
        // What was refused for the first time is tried once more before carriers are told to post it again.
        if !wasWell || trouble?.retryAt == nil { refuseCarriers(error) }
    }

    private mutating func undo(_ failure: StoreError, now: Int64) {
        let error = Self.unavailable(failure, notProcessed: failure.isClean)
        for refuse in refusals { effects.replies.append { refuse(error) } }
        intake.giveBack(to: &pending)
        do throws(StoreError) {
            if failure.isClean {
                dispatcher.undo()
                possiblySent += intake.possiblySent
                try recoverOperations(now: now)
            } else {
                let unresolved = store.round.unresolved
                let awaited = receiptNews()
                try undoInPart()
                try recoverStored(now: now)
                // What was recorded is asked about; who asks looks first at what the store has.
                effects.unresolved = unresolved
                effects.receiptNews.sent = awaited.sent
            }
            mustRecover = false
        } catch {
            mustRecover = true
            trouble = StoreTrouble(error, now: now)
        }
    }

    /// Some of the round was recorded all the same: what is in flight is as the store has it.
    ///
    /// Claims that were recorded were not handed over, so they are returned.
    private mutating func undoInPart() throws(StoreError) {
        let (claims, changed) = dispatcher.open.touchedInRound
        dispatcher.undo()
        var returned: [AttemptAnswer] = []
        for claim in claims {
            let id = claim.stored.lifecycle.id
            guard let stored = try store.lifecycle(of: id), stored.lifecycle == claim.stored.lifecycle else { continue }
            dispatcher.claimRecorded(claim)
            returned.append(AttemptAnswer(id: id, attempt: stored.lifecycle.attempts, outcome: .returned))
        }
        let kept = Set(returned.map(\.id))
        for id in changed where !kept.contains(id) && dispatcher.open.flight(of: id) != nil {
            if let stored = try store.lifecycle(of: id) { dispatcher.stepRecorded(stored) }
        }
        // This is no part of a round that could fail.
        dispatcher.committed()
        if !returned.isEmpty { pending.answers.append(returned) }
    }

    // MARK: Refusing

    /// Tells everybody who waits that nothing can be accepted now.
    mutating func refuse(_ error: StoreError, now: Int64) {
        let gatewayError = Self.unavailable(error, notProcessed: true)
        refuseMessages(gatewayError)
        for command in pending.commands {
            switch command {
            // What needs no writing is done all the same.
            case .load(let tenant, let reply):
                let load = waiting(of: tenant)
                effects.replies.append { reply(.success(load)) }
            case .explain(let batch, let reply):
                var explanation = explain(batch, now: now)
                explanation.trouble = gatewayError.message
                effects.replies.append { [explanation] in reply(.success(explanation)) }
            default: effects.replies.append { command.refuse(gatewayError) }
            }
        }
        pending.commands = []
    }

    /// Tells those who want to send that nothing can be accepted now.
    mutating func refuseMessages(_ error: GatewayError) {
        for burst in [pending.urgent, pending.normal, pending.bulk].joined() {
            effects.replies.append { burst.reply(.failure(error)) }
        }
        while let progress = bulk.popFirst() {
            var partly = error
            partly.notProcessed = progress.done == 0
            effects.replies.append { progress.burst.reply(.failure(partly)) }
        }
        pending.urgent = []
        pending.normal = []
        pending.bulk = []
    }

    mutating func refuseCarriers(_ error: StoreError) {
        let gatewayError = Self.unavailable(error, notProcessed: false)
        while let burst = pending.carriers.popFirst() { effects.replies.append { burst.reply(gatewayError) } }
    }

    /// - Parameter notProcessed: false after a write that failed for another reason than one that passes: it may
    ///   yet be found on the disk at the next start.
    static func unavailable(_ error: StoreError, notProcessed: Bool) -> GatewayError {
        GatewayError(
            .unavailable, "nothing can be stored now: \(error.text)", retryAfterMilliseconds: 1000,
            notProcessed: notProcessed)
    }
}
