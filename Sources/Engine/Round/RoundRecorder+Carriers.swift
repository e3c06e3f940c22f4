internal import SMSModel
internal import Storage

/// Receipts that match no message, messages from people, and opt-outs at carriers.
extension RoundRecorder: CarrierStore {
    private var beneath: any CarrierStore { store.carriers }

    // MARK: Unmatched receipts

    func addUnmatched(_ receipt: UnmatchedReceipt) throws(StoreError) {
        try beneath.addUnmatched(receipt)
        round.operations.append(.unmatchedReceiptAdded(receipt))
    }

    func removeUnmatched(_ ids: [Int64]) throws(StoreError) {
        try beneath.removeUnmatched(ids)
        round.operations.append(.unmatchedReceiptsRemoved(ids))
    }

    func unmatchedReceipts() throws(StoreError) -> [UnmatchedReceipt] { try beneath.unmatchedReceipts() }

    // MARK: Inbound messages

    func insert(_ message: InboundRecord) throws(StoreError) -> Bool {
        guard try beneath.insert(message) else { return false }
        round.operations.append(.inboundKept(message))
        return true
    }

    func inbound(before: Int64?, limit: Int) throws(StoreError) -> [InboundRecord] {
        try beneath.inbound(before: before, limit: limit)
    }

    func insert(_ part: InboundPartRecord) throws(StoreError) -> Bool {
        guard try beneath.insert(part) else { return false }
        round.operations.append(.inboundPartKept(part))
        return true
    }

    func waitingParts(like part: InboundPartRecord) throws(StoreError) -> [InboundPartRecord] {
        try beneath.waitingParts(like: part)
    }

    func waitingParts(limit: Int) throws(StoreError) -> [InboundPartRecord] { try beneath.waitingParts(limit: limit) }
    func waitingPartCount() throws(StoreError) -> Int { try beneath.waitingPartCount() }

    func finish(_ parts: [Int64]) throws(StoreError) {
        try beneath.finish(parts)
        round.operations.append(.inboundPartsFinished(parts))
    }

    // MARK: Opt-outs at carriers

    func remember(_ optOut: CarrierOptOut) throws(StoreError) {
        try beneath.remember(optOut)
        round.operations.append(.carrierOptOutRemembered(optOut))
    }

    func forget(_ optOuts: [CarrierOptOut]) throws(StoreError) {
        try beneath.forget(optOuts)
        if !optOuts.isEmpty { round.operations.append(.carrierOptOutsForgotten(optOuts)) }
    }

    func carrierOptOuts() throws(StoreError) -> [CarrierOptOut] { try beneath.carrierOptOuts() }

    // MARK: Answers to keywords

    func record(_ reply: OptOutReply) throws(StoreError) {
        try beneath.record(reply)
        round.operations.append(.keywordAnswered(reply))
    }

    func lastReply(to number: UInt64, of tenant: TenantID, from ownNumber: String) throws(StoreError) -> OptOutReply? {
        try beneath.lastReply(to: number, of: tenant, from: ownNumber)
    }

    func replies(since time: Int64) throws(StoreError) -> [OptOutReply] { try beneath.replies(since: time) }
}
