internal import Admission
internal import ConfigurationModel
internal import Routing
internal import SMSModel
internal import Storage

/// Says why messages wait.
extension WriterCore {
    mutating func waitReasons(of ids: [MessageID], tellsWho: Bool, now: Int64) -> [MessageID: WaitReason] {
        var reasons: [MessageID: WaitReason] = [:]
        for id in ids {
            do throws(StoreError) {
                reasons[id] = try waitReason(of: id, tellsWho: tellsWho, now: now)
            } catch {
                reasons[id] = WaitReason(.store, error.text)
            }
        }
        return reasons
    }

    private mutating func waitReason(
        of id: MessageID, tellsWho: Bool, now: Int64
    ) throws(StoreError) -> WaitReason? {
        var arena = MessageDrafts()
        guard let loaded = try store.load(id, into: &arena) else { return nil }
        let lifecycle = try store.lifecycle(of: id)?.lifecycle
        let draft = loaded.draft
        let state = lifecycle?.state ?? draft.waitingState
        guard state == .queued || state == .scheduled else { return nil }
        if draft.sendAt > now {
            return WaitReason(
                .scheduled, "it is to be sent at \(WallTime.utcText(milliseconds: draft.sendAt))", until: draft.sendAt)
        }
        if let hold = hold(draft, loaded.batch, tellsWho: tellsWho) { return hold }
        return providersReason(draft, arena, lifecycle, now: now)
    }

    /// What keeps it waiting whatever its providers' state is.
    private mutating func hold(_ draft: MessageDraft, _ batch: BatchID?, tellsWho: Bool) -> WaitReason? {
        if let shortage = trouble?.error.text ?? (canClaim ? nil : room.shortage) {
            return WaitReason(.store, shortage)
        }
        if dispatcher.open.recoveryCursor != nil {
            return WaitReason(.recovering, "the gateway has started and still reads what waits")
        }
        if dispatcher.isPaused { return paused(.everything, tellsWho: tellsWho) }
        if dispatcher.pausedTenants.contains(draft.tenant) { return paused(.tenant(draft.tenant), tellsWho: tellsWho) }
        // A tenant pauses its batches itself.
        if let batch, dispatcher.pausedBatches.contains(batch) { return paused(.batch(batch), tellsWho: true) }
        if dispatcher.isDraining { return WaitReason(.turn, "the gateway is stopping") }
        return nil
    }

    private mutating func paused(_ target: PauseTarget, tellsWho: Bool) -> WaitReason {
        let subject = name(of: target)
        var detail = "\(subject) is paused"
        let context = pauseContext(of: subject)
        if context.at > 0 {
            detail += " by \(tellsWho ? context.actor : "an operator")"
            detail += " since \(WallTime.utcText(milliseconds: context.at))"
            if !context.note.isEmpty, tellsWho { detail += ": \(context.note)" }
        }
        return WaitReason(.paused, detail)
    }

    /// Finds who has paused what is paused; of no time if the newest entries of the audit log don't say.
    private mutating func pauseContext(of subject: String) -> AuditContext {
        if let known = pauseContexts[subject] { return known }
        let newest = (try? store.administration.audit(before: nil, limit: Limits.pauseAuditEntries)) ?? []
        let context =
            newest.first { $0.subject == subject && $0.verb == AuditVerb.pause.rawValue }?.context
            ?? AuditContext(actor: "", at: 0)
        // Whatever is found, it is not looked for again with each question.
        pauseContexts[subject] = context
        return context
    }

    private mutating func providersReason(
        _ draft: MessageDraft, _ arena: MessageDrafts, _ lifecycle: MessageLifecycle?, now: Int64
    ) -> WaitReason {
        var due = draft
        due.sendAt = 0
        let routing = explain(due, arena, now: now)
        guard let route = routing.route else { return WaitReason(.noRoute, routing.reason) }
        let refused = lifecycle.map { AttemptTrouble($0).refused } ?? []
        let candidates = zip(route.providers, routing.candidates).filter { !refused.contains($0.0) }
        let verdicts = candidates.map(\.1.contender.verdict)
        func states() -> String {
            candidates.map { number, candidate in
                let index = dispatcher.pool.index(of: number)
                let report = index.map { dispatcher.pool.states[$0].report(now: now) }
                return report?.troubleText ?? "\(candidate.name) \(candidate.contender.verdict.text)"
            }.joined(separator: "; ")
        }
        let isUp = verdicts.contains { $0.isUp || $0 == .throttlesSender }
        if !candidates.isEmpty, !isUp { return WaitReason(.providersDown, states()) }
        if let lifecycle, lifecycle.due > now { return backingOff(lifecycle) }
        if verdicts.contains(.hasRoom) || candidates.isEmpty {
            let others = dispatcher.open.waitingCount(draft.priority, of: draft.tenant)
            return WaitReason(.turn, "its turn comes: \(others) of its tenant and priority wait")
        }
        return WaitReason(verdicts.contains(where: \.isUp) ? .providersBusy : .senderThrottled, states())
    }

    private func backingOff(_ lifecycle: MessageLifecycle) -> WaitReason {
        var detail = ""
        lifecycle.history.forEach(from: Int64(lifecycle.id.milliseconds)) { event in
            guard event.attempt > 0 else { return }
            let words = lifecycle.history.detail(of: event)
            detail = "attempt \(event.attempt) was not taken" + (words.isEmpty ? "" : " (\(words))")
        }
        return WaitReason(
            .backingOff, "\(detail); it is tried again at \(WallTime.utcText(milliseconds: lifecycle.due))",
            until: lifecycle.due)
    }
}
