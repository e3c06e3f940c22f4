internal import CApusProto
package import SMSModel

/// The answer to Explain, whose request is a ``SendRequest``.
extension SendExplanation: WireMessage {
    package static let wireName = "ExplainResponse"

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__explain_response__unpack).pointee
        self.init(try requiredEnum(c.outcome.rawValue, "outcome"))
        reason = String(lenient: c.reason)
        refusals = (0..<c.n_refusals).map { Refusal(c.refusals[$0]!.pointee) }
        encoding = knownEnum(c.encoding.rawValue)
        unknownEncoding = c.encoding.rawValue == 0 ? nil : unknownNumber(c.encoding.rawValue, Encoding.self)
        segments = c.segments
        characters = c.characters
        units = c.units
        sender = String(lenient: c.sender)
        priority = knownEnum(c.priority.rawValue)
        unknownPriority = c.priority.rawValue == 0 ? nil : unknownNumber(c.priority.rawValue, Priority.self)
        onUnknown = try wireEnum(c.on_unknown.rawValue, "on_unknown")
        sendAt = c.send_at_ms
        expiresAt = c.expires_at_ms
        routes = (0..<c.n_routes).map { Route(c.routes[$0]!.pointee) }
        policy = String(lenient: c.policy)
        providers = (0..<c.n_providers).map { Provider(c.providers[$0]!.pointee) }
        provider = String(lenient: c.provider)
        segmentPrice = c.segment_price
        price = c.price
        reserve = c.reserve
        generation = c.generation
        ucs2 = UCS2Cause(c.ucs2)
        replaced = String(lenient: c.replaced)
        senderRule = String(lenient: c.sender_rule)
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__explain_response__init)
        c.pointee.outcome = Apus__V1__ExplainOutcome(rawValue: .init(outcome.rawValue))
        c.pointee.reason = scratch.text(reason)
        c.pointee.n_refusals = refusals.count
        c.pointee.refusals = scratch.messages(refusals) { $0.layOut(in: scratch) }
        c.pointee.encoding = Apus__V1__Encoding(rawValue: wireNumber(encoding, unknownEncoding))
        c.pointee.segments = segments
        c.pointee.characters = characters
        c.pointee.units = units
        c.pointee.sender = scratch.text(sender)
        c.pointee.priority = Apus__V1__Priority(rawValue: wireNumber(priority, unknownPriority))
        c.pointee.on_unknown = Apus__V1__OnUnknown(rawValue: .init(onUnknown?.rawValue ?? 0))
        c.pointee.send_at_ms = sendAt
        c.pointee.expires_at_ms = expiresAt
        c.pointee.n_routes = routes.count
        c.pointee.routes = scratch.messages(routes) { $0.layOut(in: scratch) }
        c.pointee.policy = scratch.text(policy)
        c.pointee.n_providers = providers.count
        c.pointee.providers = scratch.messages(providers) { $0.layOut(in: scratch) }
        c.pointee.provider = scratch.text(provider)
        c.pointee.segment_price = segmentPrice
        c.pointee.price = price
        c.pointee.reserve = reserve
        c.pointee.generation = generation
        c.pointee.ucs2 = ucs2?.layOut(in: scratch)
        c.pointee.replaced = scratch.text(replaced)
        c.pointee.sender_rule = scratch.text(senderRule)
        output.pack(c)
    }

    /// With the second half of the routes: the last of them is the one that matters.
    package func shortened() -> SendExplanation? {
        guard !routes.isEmpty else { return nil }
        var shorter = self
        shorter.routes.removeFirst((routes.count + 1) / 2)
        return shorter
    }
}

extension SendExplanation.Refusal {
    fileprivate init(_ c: Apus__V1__ExplainRefusal) {
        self.init(
            field: String(lenient: c.field), limit: String(lenient: c.limit),
            description: String(lenient: c.description), retryAfter: c.retry_after_ms)
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__ExplainRefusal> {
        let c = arena.make(apus__v1__explain_refusal__init)
        c.pointee.field = arena.text(field)
        c.pointee.limit = arena.text(limit)
        c.pointee.description = arena.text(description)
        c.pointee.retry_after_ms = retryAfter
        return c
    }
}

extension SendExplanation.Route {
    fileprivate init(_ c: Apus__V1__ExplainedRoute) {
        self.init(name: String(lenient: c.name), verdict: String(lenient: c.verdict), text: String(lenient: c.text))
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__ExplainedRoute> {
        let c = arena.make(apus__v1__explained_route__init)
        c.pointee.name = arena.text(name)
        c.pointee.verdict = arena.text(verdict)
        c.pointee.text = arena.text(text)
        return c
    }
}

extension SendExplanation.Provider {
    fileprivate init(_ c: Apus__V1__ExplainedProvider) {
        self.init(
            name: String(lenient: c.name), kind: String(lenient: c.kind), verdict: String(lenient: c.verdict),
            text: String(lenient: c.text))
        isChosen = c.chosen != 0
        segmentPrice = c.segment_price
        weight = c.weight
        latencyMilliseconds = c.latency_ms
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__ExplainedProvider> {
        let c = arena.make(apus__v1__explained_provider__init)
        c.pointee.name = arena.text(name)
        c.pointee.kind = arena.text(kind)
        c.pointee.verdict = arena.text(verdict)
        c.pointee.text = arena.text(text)
        c.pointee.chosen = isChosen ? 1 : 0
        c.pointee.segment_price = segmentPrice
        c.pointee.weight = weight
        c.pointee.latency_ms = latencyMilliseconds
        return c
    }
}
