internal import CApusProto
package import SMSModel

/// The answer to Explain, whose request is a ``SendRequest``: what would become of it. Times are milliseconds since the
/// Unix epoch, amounts of money millionths of the currency.
package struct ExplainResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ExplainResponse"

    /// Raw values are the protocol's.
    package enum Outcome: UInt8, CaseIterable, Sendable {
        case now = 1
        case later = 2
        case refused = 3
    }

    /// Why it would be refused.
    package struct Refusal: Hashable, Sendable {
        /// Of the request; "" = it is none's fault.
        package var field: String
        /// Its name; "" = no limit is met.
        package var limit: String
        package var description: String
        /// Milliseconds; 0 = it is not a matter of time.
        package var retryAfter: UInt64

        package init(field: String = "", limit: String = "", description: String, retryAfter: UInt64 = 0) {
            self.field = field
            self.limit = limit
            self.description = description
            self.retryAfter = retryAfter
        }
    }

    package struct Route: Hashable, Sendable {
        package var name: String
        package var verdict: String
        /// A clause for people.
        package var text: String

        package init(name: String, verdict: String, text: String) {
            self.name = name
            self.verdict = verdict
            self.text = text
        }
    }

    package struct Provider: Hashable, Sendable {
        package var name: String
        package var kind: String
        package var verdict: String
        /// A clause for people.
        package var text: String
        package var isChosen = false
        package var segmentPrice: Int64 = 0
        package var weight: UInt32 = 0
        /// 0 = not known.
        package var latencyMilliseconds: UInt32 = 0

        package init(name: String, kind: String, verdict: String, text: String) {
            self.name = name
            self.kind = kind
            self.verdict = verdict
            self.text = text
        }
    }

    package var outcome: Outcome
    package var reason = ""
    package var refusals: [Refusal] = []
    /// nil, and no segments, if the body is none.
    package var encoding: Encoding?
    package var segments: UInt32 = 0
    package var characters: UInt32 = 0
    package var units: UInt32 = 0
    /// nil unless the encoding is UCS-2.
    package var ucs2: UCS2Cause?
    /// What smart encoding replaces; "" = nothing.
    package var replaced = ""
    package var sender = ""
    /// Why it is from that sender, where a route or a provider decides; "" = none does.
    package var senderRule = ""
    /// nil where a field of the request is refused.
    package var priority: Priority?
    package var onUnknown: OnUnknown?
    /// 0 = now.
    package var sendAt: Int64 = 0
    package var expiresAt: Int64 = 0
    /// In the order in which they are tried.
    package var routes: [Route] = []
    package var policy = ""
    package var providers: [Provider] = []
    /// "" = none is chosen now.
    package var provider = ""
    package var segmentPrice: Int64 = 0
    package var price: Int64 = 0
    package var reserve: Int64 = 0
    package var generation: UInt32 = 0

    package init(_ outcome: Outcome) {
        self.outcome = outcome
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__explain_response__unpack).pointee
        outcome = try requiredEnum(c.outcome.rawValue, "outcome")
        reason = String(lenient: c.reason)
        refusals = (0..<c.n_refusals).map { Refusal(c.refusals[$0]!.pointee) }
        encoding = try wireEnum(c.encoding.rawValue, "encoding")
        segments = c.segments
        characters = c.characters
        units = c.units
        sender = String(lenient: c.sender)
        priority = try wireEnum(c.priority.rawValue, "priority")
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
        c.pointee.encoding = Apus__V1__Encoding(rawValue: .init(encoding?.rawValue ?? 0))
        c.pointee.segments = segments
        c.pointee.characters = characters
        c.pointee.units = units
        c.pointee.sender = scratch.text(sender)
        c.pointee.priority = Apus__V1__Priority(rawValue: .init(priority?.rawValue ?? 0))
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
    package func shortened() -> ExplainResponse? {
        guard !routes.isEmpty else { return nil }
        var shorter = self
        shorter.routes.removeFirst((routes.count + 1) / 2)
        return shorter
    }
}

extension ExplainResponse.Refusal {
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

extension ExplainResponse.Route {
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

extension ExplainResponse.Provider {
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
