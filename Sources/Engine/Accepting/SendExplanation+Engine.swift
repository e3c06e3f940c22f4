internal import ConfigurationModel
internal import Routing
package import SMSModel
internal import Storage

extension SendExplanation.Refusal {
    package init(_ error: GatewayError) {
        self.init(
            limit: error.quota?.limit ?? "", description: error.message, retryAfter: error.retryAfterMilliseconds)
    }
}

extension SendExplanation {
    /// Describes the body that would be sent, or the one that was given, if the request is refused.
    package mutating func describe(_ given: UnsafeRawBufferPointer, _ batch: MessageDrafts) {
        func describe(_ body: UnsafeRawBufferPointer) {
            guard let form = try? Segmentation(body) else { return }
            encoding = form.encoding
            segments = UInt32(form.segments)
            characters = UInt32(form.characters)
            units = UInt32(form.units)
            ucs2 = UCS2Cause(body)
        }
        guard let draft = batch.drafts.first else { return describe(given) }
        batch.bytes.withUnsafeBytes { describe(UnsafeRawBufferPointer(rebasing: $0[draft.body.range])) }
        replaced = batch.trace(of: draft).replaced
    }

    /// What the message has where it says nothing itself is the tenant's.
    package mutating func describe(_ draft: MessageDraft, _ batch: MessageDrafts) {
        sender = batch.bytes.withUnsafeBytes { String(decoding: $0[draft.sender.range], as: UTF8.self) }
        priority = draft.priority
        onUnknown = draft.onUnknown
        sendAt = draft.sendAt
        expiresAt = draft.expiresAt
        reserve = draft.reserve
    }

    /// - Parameter seesAll: whether routes that are for other tenants are shown: their names may tell of those.
    package mutating func add(_ explanation: MessageExplanation, _ draft: MessageDraft, now: Int64, seesAll: Bool) {
        if let trouble = explanation.trouble { refusals.append(Refusal(description: trouble, retryAfter: 1000)) }
        var texts = AcceptRefusals([draft.tenant: explanation.quota], now: now)
        for kind in explanation.overQuota {
            let result = AcceptResult(kind: kind, state: draft.waitingState, id: MessageID(rawValue: 0))
            if let refusal = texts.refusal(of: result, tenant: draft.tenant) { refusals.append(Refusal(refusal)) }
        }
        let routing = explanation.routing
        routes = routing.examined.filter { seesAll || $0.isForTenant }.map {
            Route(name: $0.name, verdict: $0.verdict.name, text: $0.verdict.text)
        }
        if let rejection = routing.route?.rejectionText { refusals.append(Refusal(description: rejection)) }
        if let route = routing.route, route.rejection == nil { policy = route.policy.rawValue }
        providers = routing.candidates.map(Provider.init)
        if let entry = routing.sender { (sender, senderRule) = (entry.text, entry.rule) }
        if let chosen = routing.chosen {
            provider = chosen.name
            segmentPrice = chosen.contender.price
            price = segmentPrice * Int64(draft.segments)
        }
        settle(holds: explanation.holds, routing.reason)
    }

    /// Decides by all that is known.
    /// - Parameters:
    ///   - holds: what keeps it waiting, whatever its providers.
    ///   - choice: why it goes where it goes.
    package mutating func settle(holds: [String] = [], _ choice: String = "") {
        guard refusals.isEmpty else {
            outcome = .refused
            reason = refusals.map { $0.field.isEmpty ? $0.description : "\($0.field): \($0.description)" }
                .joined(separator: "; ")
            return
        }
        var parts = holds
        if sendAt > 0 { parts.append("it is not due yet") }
        outcome = parts.isEmpty && !provider.isEmpty ? .now : .later
        reason = (parts + [choice]).joined(separator: "; ")
    }
}

extension SendExplanation.Provider {
    fileprivate init(_ candidate: RoutingExplanation.Candidate) {
        let contender = candidate.contender
        self.init(
            name: candidate.name, kind: candidate.kind, verdict: contender.verdict.name, text: contender.verdict.text)
        isChosen = candidate.isChosen
        segmentPrice = contender.price
        weight = UInt32(clamping: contender.weight)
        // Infinite where it has only failed recently.
        if let latency = contender.latency, latency.isFinite {
            latencyMilliseconds = UInt32(min(latency.rounded(), Double(UInt32.max)))
        }
    }
}
