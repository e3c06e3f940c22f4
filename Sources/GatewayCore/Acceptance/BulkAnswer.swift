internal import Access
internal import Engine
package import SMSModel
internal import Storage

/// The answer to a bulk call: once all of its messages are durable, or it is refused as a whole.
package struct BulkAnswer: Sendable {
    package let token: ReplyToken
    let outcome: Outcome

    enum Outcome: Sendable {
        case refused(GatewayError)
        case tried(BulkResult)
        case stored(Stored, Result<AcceptedBurst, GatewayError>)
    }

    /// What is to be said. It is put together here, so that it is asked for once, and not on the writer's thread.
    package func result() -> Result<BulkResult, GatewayError> {
        switch outcome {
        case .refused(let error): return .failure(error)
        case .tried(let result): return .success(result)
        case .stored(let stored, .success(let burst)): return .success(stored.result(burst))
        case .stored(let stored, .failure(let error)):
            stored.refused(error, item: nil)
            return .failure(error)
        }
    }

    /// What is needed to answer a call once its messages are durable.
    struct Stored: Sendable {
        private let tenant: TenantID
        private let tenantName: String
        private let count: Int
        private let firstIndex: UInt64
        private let indices: [UInt64]
        private let refusals: [BulkResult.Refusal]
        private let late: [Int: Int64]
        private let trace: MessageTrace
        private let clock: GatewayClock
        private let log: GatewayLog

        init(_ items: BulkItems, _ trace: MessageTrace, _ clock: GatewayClock, _ log: GatewayLog) {
            tenant = items.waiting.tenant.id
            tenantName = items.waiting.tenant.name
            count = items.header.count
            firstIndex = items.header.firstIndex
            indices = items.indices
            refusals = items.refusals
            late = items.late
            self.trace = trace
            self.clock = clock
            self.log = log
        }

        func refused(_ error: GatewayError, item: Int?) {
            log.refused(error, tenant: tenantName, item: item) { trace }
        }

        func result(_ burst: AcceptedBurst) -> BulkResult {
            var texts = AcceptRefusals(burst.quotas, now: burst.quotas.isEmpty && late.isEmpty ? 0 : clock.now())
            var result = BulkResult()
            result.batch = burst.batch ?? BatchID(rawValue: 0)
            result.refusals = refusals
            result.ids = Array(repeating: 0, count: count)
            for (index, accepted) in zip(indices, burst.results) {
                let item = Int(index - firstIndex)
                switch accepted.kind {
                case .accepted: result.accepted += 1
                case .duplicate: result.duplicates.append(item)
                case .conflict:
                    let text = "the batch has another message at index \(index)"
                    refuse(item, GatewayError(.alreadyExists, text), &result)
                    continue
                case .overSegments, .overCost, .overWaiting, .late:
                    if let refusal = texts.refusal(of: accepted, tenant: tenant, sendAt: late[item] ?? 0) {
                        refuse(item, refusal, &result)
                    }
                    continue
                }
                result.ids[item] = accepted.id.rawValue
            }
            result.refused = result.refusals.count
            return result
        }

        private func refuse(_ item: Int, _ error: GatewayError, _ result: inout BulkResult) {
            refused(error, item: item)
            result.refusals.append(BulkResult.Refusal(item: item, code: error.code, message: error.message))
        }
    }
}

extension BulkResult {
    /// - Parameter items: all of them have been checked.
    init(dryRun items: BulkItems) {
        accepted = items.indices.count
        refused = items.refusals.count
        ids = Array(repeating: 0, count: items.header.count)
        refusals = items.refusals
        var found = DryRunResult()
        for (index, draft) in zip(items.indices, items.drafts.drafts) {
            found.segments += UInt64(draft.segments)
            if draft.replaced > 0 { found.replaced += 1 }
            guard let cause = items.drafts.ucs2Cause(of: draft) else { continue }
            found.ucs2 += 1
            guard found.items.count < Limits.dryRunItems else { continue }
            found.items.append(
                DryRunResult.Item(
                    item: UInt32(index - items.header.firstIndex), segments: UInt32(draft.segments), cause: cause))
        }
        dryRun = found
    }
}
