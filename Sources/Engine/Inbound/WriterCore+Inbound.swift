internal import Admission
internal import ConfigurationModel
internal import JSON
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage

/// Messages from people: each is kept, and one that is a keyword is followed.
extension WriterCore {
    mutating func take(_ message: InboundMessage, of burst: CarrierBurst, now: Int64) throws(StoreError) {
        // What the carrier says of a part is followed at once: it need not say it of the others.
        if let part = message.part, message.action == nil { return try take(message, part, of: burst, now: now) }
        let isNew = try store.carriers.insert(
            InboundRecord(
                at: now, provider: burst.provider, providerID: message.providerID,
                sender: message.sender.cut(to: Limits.inboundNumberBytes),
                recipient: message.recipient.cut(to: Limits.inboundNumberBytes),
                body: message.body.cut(to: Limits.inboundBodyBytes), media: message.media))
        guard let number = PhoneNumber.international(message.sender) else { return }
        var request = OptOutRequest(message, from: number)
        guard request.action != nil || request.keyword != nil else { return }
        request.tenants = owners.tenants(of: request.ownNumber, service: message.service)
        if request.tenants.isEmpty {
            // Nobody is known to send from the number: who says stop must not get more from anybody. What it adds for
            // all it can't take away again.
            request.tenants = owners.allTenants
            request.isForEverybody = true
        }
        // Most messages are no word to anybody.
        guard request.isCommonStart || request.tenants.contains(where: { action(of: request, $0) != nil }) else {
            return
        }
        if isNew {
            try follow(request, of: burst, now: now)
            if request.isCommonStart { try askCarrierAgain(request, provider: burst.provider) }
        }
        try publish(request)
    }

    /// What a message asks a tenant for.
    private func action(of request: OptOutRequest, _ tenant: TenantID) -> OptOutAction? {
        request.action ?? request.keyword.flatMap { owners.settings(of: tenant).action(of: $0) }
    }

    private mutating func follow(
        _ request: OptOutRequest, of burst: CarrierBurst, now: Int64
    ) throws(StoreError) {
        var (stopped, started): ([TenantID], [TenantID]) = ([], [])
        // Several tenants may have the number: the person gets one answer.
        var isAnswered = false
        for tenant in request.tenants {
            switch action(of: request, tenant) {
            case .stop:
                let entry = SuppressionRecord(
                    tenant: tenant, number: request.number, at: now, reason: request.reason(.stop), origin: .keyword,
                    ownNumber: request.ownNumber.text)
                guard try store.administration.suppress(entry) else { break }
                stopped.append(tenant)
                if !isAnswered {
                    isAnswered = try reply(.stop, to: request, by: tenant, provider: burst.provider, now: now)
                }
            case .start:
                guard !request.isForEverybody else { break }
                let lifted = try store.administration.unsuppress(request.number, tenant: tenant) {
                    request.lifts($0)
                }
                if !lifted.isEmpty { started.append(tenant) }
            case .help where !isAnswered:
                isAnswered = try reply(.help, to: request, by: tenant, provider: burst.provider, now: now)
            case .help, nil: break
            }
        }
        try write(.suppress, request, stopped, of: burst, now: now)
        try write(.unsuppress, request, started, of: burst, now: now)
    }

    private mutating func write(
        _ verb: AuditVerb, _ request: OptOutRequest, _ tenants: [TenantID], of burst: CarrierBurst, now: Int64
    ) throws(StoreError) {
        guard !tenants.isEmpty else { return }
        let isStop = verb == .suppress
        let what = JSONValue.object([
            "numbers": .array([.string(PhoneNumber.text(request.number))]),
            "reason": .string(request.reason(isStop ? .stop : .start)), "to": .string(request.recipient),
        ])
        let context = AuditContext(actor: "provider \(burst.name)", at: now)
        let subjects =
            request.isForEverybody && request.isCommon ? ["every tenant"] : tenants.map { name(of: .tenant($0)) }
        for subject in subjects {
            try store.administration.append(
                AuditRecord(verb, subject, by: context, before: isStop ? nil : what, after: isStop ? what : nil))
        }
    }

    /// The person has opted in again at the carrier too. Should it be so for another number of the carrier's, it says so
    /// once more.
    private mutating func askCarrierAgain(_ request: OptOutRequest, provider: UInt8) throws(StoreError) {
        guard !dispatcher.carrierOptOuts.isEmpty else { return }
        try store.carriers.forget(
            dispatcher.carrierOptOuts.remove(request.number, of: nil) {
                // A name may have given way to the number that the person wrote to.
                $0.provider == provider
                    && ($0.sender.isEmpty || SenderTable.isName($0.sender.utf8)
                        || OwnNumber($0.sender) == request.ownNumber)
            })
    }

    /// Forgets what carriers have said of recipients of a tenant.
    mutating func forgetCarrierOptOuts(
        _ numbers: [UInt64], _ tenant: TenantID,
        _ reply: @escaping @Sendable (Result<Set<UInt64>, GatewayError>) -> Void
    ) throws(StoreError) {
        var forgotten: Set<UInt64> = []
        for number in numbers where !dispatcher.carrierOptOuts.isEmpty {
            let removed = dispatcher.carrierOptOuts.remove(number, of: tenant) { _ in true }
            try store.carriers.forget(removed)
            if !removed.isEmpty { forgotten.insert(number) }
        }
        effects.replies.append { [forgotten] in reply(.success(forgotten)) }
    }

    /// Tells those who look at each message, once it is durable, what the store holds now: a message that comes again
    /// changes nothing of what was done since.
    private mutating func publish(_ request: OptOutRequest) throws(StoreError) {
        var stopped: [TenantID] = []
        for tenant in request.tenants
        where try store.administration.isSuppressed(request.number, tenant: tenant) { stopped.append(tenant) }
        let others = Set(request.tenants).subtracting(stopped)
        effects.replies.append { [suppressions, stopped, number = request.number] in
            suppressions.add(number, ofEach: stopped)
            suppressions.remove(number, ofEach: others)
        }
    }
}

/// A message from a person that may be a keyword, and whom it concerns.
struct OptOutRequest {
    /// The person's.
    let number: UInt64
    /// The recipient as the carrier wrote it.
    let recipient: String
    let ownNumber: OwnNumber
    /// What the carrier has understood: the same for every tenant.
    let action: OptOutAction?
    /// nil = it is too long for one.
    let keyword: KeywordText?
    var tenants: [TenantID] = []
    var isForEverybody = false

    init(_ message: InboundMessage, from number: UInt64) {
        self.number = number
        recipient = message.recipient.cut(to: Limits.inboundNumberBytes)
        ownNumber = OwnNumber(recipient)
        action = message.action
        keyword = KeywordText(message.body)
    }

    /// Whether it asks for messages again by a word that carriers know.
    var isCommonStart: Bool { (action ?? keyword.flatMap(OptOutKeywords.common.action)) == .start }

    /// Whether it asks every tenant for the same.
    var isCommon: Bool { action != nil || keyword.flatMap(OptOutKeywords.common.action) != nil }

    /// What the list says of it: the keyword, or where the carrier has understood another text, what it took it for.
    func reason(_ action: OptOutAction) -> String {
        guard let text = keyword?.text, text.utf8.count <= Limits.optOutWordBytes else {
            return action.rawValue.uppercased()
        }
        return text
    }

    /// Whether a keyword for messages again takes an entry away: one that a keyword to the same number has made. An
    /// entry from before origins were kept is a keyword's if its reason is one.
    func lifts(_ entry: SuppressionRecord) -> Bool {
        switch entry.origin {
        case .keyword: entry.ownNumber == ownNumber.text
        case nil: KeywordText(entry.reason).flatMap(OptOutKeywords.common.action) == .stop
        case .operatorRequest, .importedList, .carrier: false
        }
    }
}
