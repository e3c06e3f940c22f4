internal import Admission
internal import SMSModel
internal import Storage

/// Texts that answer keywords, where tenants have them: messages like others, which go by the provider that has brought
/// the keyword and from the number that it was sent to, also to those who have just opted out.
extension WriterCore {
    /// Answers a keyword, unless the tenant has sent the person an answer from that number within a day: an answering
    /// machine must not be kept talking.
    /// - Returns: whether there is an answer.
    mutating func reply(
        _ action: OptOutAction, to request: OptOutRequest, by tenant: TenantID, provider: UInt8, now: Int64
    ) throws(StoreError) -> Bool {
        let settings = owners.settings(of: tenant)
        let text = action == .stop ? settings.stopReply : settings.helpReply
        guard let text, !request.isForEverybody else { return false }
        let own = request.ownNumber.text
        let last = try store.carriers.lastReply(to: request.number, of: tenant, from: own)
        if let last, now - last.at < Limits.optOutReplyMilliseconds { return false }
        guard let drafts = draft(text, action, to: request, by: tenant, provider: provider, now: now) else {
            return false
        }
        var results: [AcceptResult] = []
        try store.accept(drafts, 0..<1, chunk: nil, now: now, results: &results)
        // The tenant may have no quota left.
        guard let result = results.first, result.kind == .accepted else { return false }
        try store.carriers.record(
            OptOutReply(
                tenant: tenant, number: request.number, ownNumber: own, at: now, message: result.id,
                provider: provider))
        dispatcher.replies[result.id] = provider
        if dispatcher.replies.count > Self.repliesRemembered { try recoverReplies(now: now) }
        enqueue(drafts, from: 0, results, batch: nil, now: now)
        return true
    }

    /// Answers that are remembered before those are forgotten that can't wait any more.
    private static let repliesRemembered = 4096

    /// Reads the answers that may wait still.
    mutating func recoverReplies(now: Int64) throws(StoreError) {
        let recent = try store.carriers.replies(since: now - Limits.optOutReplyValidityMilliseconds)
        dispatcher.replies = Dictionary(recent.map { ($0.message, $0.provider) }) { first, _ in first }
    }

    /// - Returns: nil if the number can't be a sender, or the tenant may not send to the person.
    private func draft(
        _ text: String, _ action: OptOutAction, to request: OptOutRequest, by tenant: TenantID, provider: UInt8,
        now: Int64
    ) -> MessageDrafts? {
        let number = Array(PhoneNumber.text(request.number).utf8)
        let sender = PhoneNumber.international(request.recipient).map(PhoneNumber.text) ?? request.recipient
        let price = dispatcher.pool.index(of: provider).map { dispatcher.pool.states[$0].limits.price } ?? 0
        let validator = SubmitValidator(
            defaultValidity: UInt64(Limits.optOutReplyValidityMilliseconds), segmentPrice: Money(millionths: price),
            destinations: owners.settings(of: tenant).destinations)
        var drafts = MessageDrafts()
        let isGood = number.withUnsafeBytes { number in
            Array(sender.utf8).withUnsafeBytes { sender in
                Array(text.utf8).withUnsafeBytes { body in
                    Array("\(action.rawValue)-reply".utf8).withUnsafeBytes { tag in
                        var message = SubmitRequest()
                        message.to = number
                        message.sender = sender
                        message.body = body
                        message.tags = [tag]
                        return validator.validate(message, tenant: tenant, now: now, into: &drafts).isEmpty
                    }
                }
            }
        }
        return isGood ? drafts : nil
    }
}
