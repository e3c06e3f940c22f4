internal import DequeModule
internal import SMSModel
internal import Storage

/// How bursts become rows and queued messages, inside a round.
extension WriterCore {
    mutating func accept(
        _ priority: WritableKeyPath<WriterInbox, Deque<SubmitBurst>>, now: Int64, _ deadline: inout RoundDeadline
    ) throws(StoreError) {
        while let burst = pending[keyPath: priority].popFirst() {
            refusals.append { burst.reply(.failure($0)) }
            let count = burst.drafts.drafts.count
            var results: [AcceptResult] = []
            results.reserveCapacity(count)
            try store.accept(burst.drafts, 0..<count, chunk: nil, now: now, results: &results)
            enqueue(burst.drafts, from: 0, results, batch: nil, now: now)
            let accepted = AcceptedBurst(
                results: results, batch: nil, quotas: quotasMet(burst.drafts, from: 0, results))
            effects.replies.append { burst.reply(.success(accepted)) }
            if deadline.isOver(after: count) { return }
        }
    }

    /// The quotas of those tenants of whose messages some were refused.
    private func quotasMet(
        _ drafts: MessageDrafts, from start: Int, _ results: [AcceptResult]
    ) -> [TenantID: TenantQuota] {
        var met: [TenantID: TenantQuota] = [:]
        guard !quotas.isEmpty else { return met }
        for (place, result) in results.enumerated() where result.kind.isOverQuota {
            let tenant = drafts.drafts[start + place].tenant
            met[tenant] = quotas[tenant]
        }
        return met
    }

    /// Puts what was accepted into the queue, and keeps the contents of each run of new ids.
    mutating func enqueue(
        _ drafts: MessageDrafts, from start: Int, _ results: [AcceptResult], batch: BatchID?, now: Int64
    ) {
        var position = 0
        while position < results.count {
            guard results[position].kind == .accepted else {
                position += 1
                continue
            }
            var end = position
            let first = results[position].id
            // Scheduled messages are read back when their time comes: they would fill the memory for weeks.
            let isScheduled = drafts.drafts[start + position].sendAt > now
            while end < results.count, results[end].kind == .accepted,
                results[end].id.ordinal == first.ordinal + UInt64(end - position),
                (drafts.drafts[start + end].sendAt > now) == isScheduled
            {
                dispatcher.accepted(results[end].id, drafts.drafts[start + end], drafts, now: now)
                end += 1
            }
            if !isScheduled, dispatcher.open.isRecovered(first) {
                dispatcher.open.contents.keep(
                    drafts, places: start + position..<start + end, first: first, batch: batch)
            }
            position = end
        }
        operations += UInt64(results.count)
    }

    /// Accepts slices of bulk bursts until the time is up, one of each tenant in turn: a chunk waits for no more than
    /// its own tenant's, and for a slice of each other's. A burst is answered once its last slice is durable; should
    /// the gateway stop before, a repeat finds the slices that were.
    mutating func acceptBulk(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        while let burst = pending.bulk.popFirst() {
            guard let chunk = burst.chunk else { continue }
            bulk.append(BulkProgress(burst: burst, chunk: chunk), of: chunk.tenant)
        }
        while var progress = bulk.popFirst() {
            do throws(StoreError) {
                if try acceptSlice(of: &progress, now: now) {
                    // Slices of it may be durable since earlier rounds.
                    refusals.append { [burst = progress.burst] error in
                        var error = error
                        error.notProcessed = false
                        burst.reply(.failure(error))
                    }
                } else {
                    bulk.putBack(progress, of: progress.chunk.tenant)
                }
            } catch {
                // Those that are not done are refused with it.
                bulk.putBack(progress, of: progress.chunk.tenant)
                throw error
            }
            if deadline.isOver(after: Self.sliceMessages) { return }
        }
    }

    /// - Returns: whether the burst is done; until then a failure refuses it where it stands.
    private mutating func acceptSlice(of progress: inout BulkProgress, now: Int64) throws(StoreError) -> Bool {
        let (burst, chunk, done) = (progress.burst, progress.chunk, progress.done)
        let batch = try store.openBatch(tenant: chunk.tenant, name: chunk.batchName, now: now)
        guard !batch.canceled else {
            let error = GatewayError(
                .failedPrecondition, "batch \(chunk.batchName) is canceled: it takes no more messages")
            effects.replies.append { burst.reply(.failure(error)) }
            return true
        }
        let count = burst.drafts.drafts.count
        let end = min(count, done + Self.sliceMessages)
        if done < end {
            var results: [AcceptResult] = []
            results.reserveCapacity(end - done)
            try store.accept(
                burst.drafts, done..<end,
                chunk: BatchChunk(tenant: chunk.tenant, batch: batch.id, indices: chunk.indices), now: now,
                results: &results)
            enqueue(burst.drafts, from: done, results, batch: batch.id, now: now)
            progress.results += results
            progress.quotas.merge(quotasMet(burst.drafts, from: done, results)) { _, newer in newer }
            progress.done = end
        }
        guard end == count else { return false }
        let accepted = AcceptedBurst(results: progress.results, batch: batch.id, quotas: progress.quotas)
        effects.replies.append { burst.reply(.success(accepted)) }
        return true
    }
}
