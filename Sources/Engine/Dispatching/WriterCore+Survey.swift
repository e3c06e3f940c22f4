internal import Admission
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// Counts what waits for whom, when somebody asks: messages that come and go cost nothing for it.
extension WriterCore {
    /// Answers those who have asked what waits.
    mutating func answerSurveys(now: Int64) {
        guard !surveys.isEmpty else { return }
        let survey = survey(now: now)
        for reply in surveys { effects.replies.append { reply(survey) } }
        surveys.removeAll()
    }

    func survey(now: Int64) -> WaitingSurvey {
        var survey = WaitingSurvey()
        var waiting: [UInt8: ProviderWaiting] = [:]
        var looks = Limits.surveyedMessages
        for group in dispatcher.open.waitingGroups(now: now) where !dispatcher.pausedTenants.contains(group.tenant) {
            let since = oldestSince(group.ids, &looks)
            if let since, !dispatcher.isPaused { survey.waits(group.priority, since: since) }
            let (providers, isOnly) =
                group.provider.map { ([$0], false) } ?? dispatcher.pool.possibleProviders(group.candidates)
            if providers.isEmpty { survey.withoutRoute += UInt64(group.count) }
            for provider in providers {
                waiting[provider, default: ProviderWaiting()].add(group.count, since: since, isOnly: isOnly)
            }
        }
        survey.providers = dispatcher.pool.current.map { state in
            var statistics = state.report(now: now)
            guard let waiting = waiting[state.number] else { return statistics }
            statistics.waiting = UInt64(waiting.count)
            statistics.waitingOnly = UInt64(waiting.only)
            statistics.oldestWaiting = waiting.oldest
            return statistics
        }
        survey.failingRoutes = dispatcher.pool.failingRoutes(now: now)
        return survey
    }

    /// Since when the message that waits longest does, of some that are given in rising order.
    /// - Parameter looks: how many may still be read.
    private func oldestSince(_ ids: [MessageID], _ looks: inout Int) -> Int64? {
        var oldest: Int64?
        for id in ids {
            let accepted = Int64(id.milliseconds)
            if let oldest, accepted >= oldest { break }
            guard looks > 0 else { break }
            looks -= 1
            guard let since = waitingSince(id) else { continue }
            oldest = min(oldest ?? since, since)
            // Those that follow were accepted later.
            if since == accepted { break }
        }
        return oldest
    }

    /// When the message began to wait: it was accepted, its send time came, or it was to be sent again.
    /// - Returns: nil where the store doesn't say, or its batch is paused.
    private func waitingSince(_ id: MessageID) -> Int64? {
        let accepted = Int64(id.milliseconds)
        var arena = MessageDrafts()
        guard let loaded = try? store.load(id, into: &arena) else { return nil }
        if let batch = loaded.batch, dispatcher.pausedBatches.contains(batch) { return nil }
        var since = max(accepted, loaded.draft.sendAt)
        if dispatcher.open.hasStoredLifecycle(id), let stored = try? store.lifecycle(of: id) {
            stored.lifecycle.history.forEach(from: accepted) { if $0.kind == .resent { since = max(since, $0.at) } }
        }
        return since
    }
}
