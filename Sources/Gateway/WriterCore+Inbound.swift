internal import Admission
internal import ConfigurationModel
internal import Providers
internal import SMSModel
internal import Storage

/// Messages from people: each is kept, and one that is an opt-out word is followed.
extension WriterCore {
    mutating func take(_ message: InboundMessage, of burst: CarrierBurst, now: Int64) throws(StoreError) {
        let isNew = try store.carriers.insert(
            InboundRecord(
                at: now, provider: burst.provider, providerID: message.providerID,
                sender: message.sender.cut(to: Limits.inboundNumberBytes),
                recipient: message.recipient.cut(to: Limits.inboundNumberBytes),
                body: message.body.cut(to: Limits.inboundBodyBytes)))
        guard let word = OptOutWord(message.body), word.wish != .help,
            let number = PhoneNumber.international(message.sender)
        else { return }
        let named = tenantsBySender[OwnNumber(message.recipient)] ?? []
        // Whoever sends from a number that nobody names is not known: who says stop must not get more from anybody.
        let concerned = named.isEmpty ? tenantNames.keys.sorted { $0.rawValue < $1.rawValue } : named
        if isNew { try follow(word, number, concerned, isEverybody: named.isEmpty, of: burst, now: now) }
        // As it is in the store: a message that comes again changes nothing of what was done since.
        var stopped: [TenantID] = []
        for tenant in concerned where try store.administration.isSuppressed(number, tenant: tenant) {
            stopped.append(tenant)
        }
        let others = Set(concerned).subtracting(stopped)
        round.effects.replies.append { [suppressions, stopped] in
            suppressions.add(number, ofEach: stopped)
            suppressions.remove(number, ofEach: others)
        }
    }

    private mutating func follow(
        _ word: OptOutWord, _ number: UInt64, _ tenants: [TenantID], isEverybody: Bool, of burst: CarrierBurst,
        now: Int64
    ) throws(StoreError) {
        let isStop = word.wish == .stop
        var changed: [TenantID] = []
        for tenant in tenants {
            let isChanged =
                isStop
                ? try store.administration.suppress(
                    SuppressionRecord(tenant: tenant, number: number, at: now, reason: word.text))
                : try store.administration.unsuppress(number, tenant: tenant)
            if isChanged { changed.append(tenant) }
        }
        guard !changed.isEmpty else { return }
        let what = JSON.object([
            "numbers": .array([.string(PhoneNumber.text(number))]), "reason": .string(word.text),
        ])
        let act = Act(actor: "provider \(burst.name)", at: now)
        let subjects = isEverybody ? ["every tenant"] : changed.map { name(of: .tenant($0)) }
        round.hasActs = true
        for subject in subjects {
            try store.administration.append(
                isStop
                    ? AuditRecord(.suppress, subject, by: act, after: what)
                    : AuditRecord(.unsuppress, subject, by: act, before: what))
        }
    }
}
