public import FoundationEssentials
internal import RPCWire
package import SMSModel

/// What would become of a message, and why. Amounts of money are millionths of the currency.
public struct Explanation: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Sendable {
        /// A provider has room for it.
        case now = "NOW"
        /// It would be accepted, and wait.
        case later = "LATER"
        /// It would not be accepted, or its route would refuse it.
        case refused = "REFUSED"
    }

    /// Why it would be refused: by a field, by a limit, or, where it has neither, by its route or by the gateway's state.
    public struct Refusal: Hashable, Sendable {
        /// The request's field, by the protocol's name: `to`.
        public var field: String?
        /// A limit that is met: `segments_per_day`.
        public var limit: String?
        public var description: String
        /// Until there may be room again; nil = it is not a matter of time.
        public var retryAfter: Duration?
    }

    /// Why a route is or is not for it.
    public struct Route: Hashable, Sendable {
        /// "" where no routes are configured, so that every message may go to every provider.
        public var name: String
        /// `MATCHES`, or the condition that the message doesn't meet: `OTHER_DESTINATION`, …
        public var verdict: String
        /// The same, as a clause for people.
        public var text: String
    }

    /// What stands for or against a provider of its route.
    public struct Provider: Hashable, Sendable {
        public var name: String
        public var kind: String
        /// `HAS_ROOM`, or what stands against it now: `FULL`, `PACED`, `PAUSED`, `FAILING`, `OFF`, `SENDER_THROTTLED`,
        /// `DISCONNECTED`.
        public var verdict: String
        /// The same, as a clause for people.
        public var text: String
        public var isChosen: Bool
        public var segmentPrice: Int64
        public var weight: Int
        /// Until it answers, recently; nil = not known.
        public var latency: Duration?
    }

    /// The body on its way.
    public struct Body: Hashable, Sendable {
        public var encoding: MessageEncoding
        public var segments: Int
        /// Unicode scalars.
        public var characters: Int
        /// Septets of GSM-7, or 16-bit units of UCS-2.
        public var units: Int
        /// nil if it is not UCS-2.
        public var ucs2: UCS2Cause?
        /// What smart encoding replaces, in words; nil = nothing.
        public var replaced: String?
    }

    /// What holds for the message where it says so itself or leaves it to its tenant.
    public struct Terms: Hashable, Sendable {
        /// nil = the provider's choice.
        public var sender: String?
        /// Why it is that one, where its route or the provider that is chosen decides; nil = neither does.
        public var senderRule: String?
        public var priority: MessagePriority
        public var onUnknown: UnknownOutcomePolicy
        /// nil = as soon as possible.
        public var sendAt: Date?
        public var expiresAt: Date
        /// What the tenant's budget is charged on acceptance: the price at the dearest provider.
        public var reserve: Int64
    }

    public var outcome: Outcome
    /// Words for people.
    public var reason: String
    public var refusals: [Refusal]
    /// nil if the body is none that can be sent.
    public var body: Body?
    /// nil, and no routes, where a field of the message is refused.
    public var terms: Terms?
    /// In the order in which they are tried, up to the one that is for it. Those of other tenants are left out.
    public var routes: [Route]
    /// How its route chooses; nil if it has none, or one that refuses it.
    public var policy: String?
    /// The providers of its route, in order.
    public var providers: [Provider]
    /// The one that it would be handed to now, by its name.
    public var provider: String?
    /// At that one.
    public var segmentPrice: Int64
    /// The price of all segments.
    public var price: Int64
    /// The generation of the configuration.
    public var generation: UInt32

    package init(_ response: SendExplanation) {
        outcome = Outcome(response.outcome)
        reason = response.reason
        refusals = response.refusals.map(Refusal.init)
        let hasBody = response.encoding != nil || response.unknownEncoding != nil
        body =
            !hasBody
            ? nil
            : Body(
                encoding: MessageEncoding(response.encoding ?? .gsm7, number: response.unknownEncoding),
                segments: Int(response.segments),
                characters: Int(response.characters), units: Int(response.units),
                ucs2: response.ucs2.map(UCS2Cause.init),
                replaced: response.replaced.isEmpty ? nil : response.replaced)
        terms = Terms(response)
        routes = response.routes.map { Route(name: $0.name, verdict: $0.verdict, text: $0.text) }
        policy = response.policy.isEmpty ? nil : response.policy
        providers = response.providers.map(Provider.init)
        provider = response.provider.isEmpty ? nil : response.provider
        segmentPrice = response.segmentPrice
        price = response.price
        generation = response.generation
    }

    /// The route that is for it.
    public var route: Route? { routes.last.flatMap { $0.verdict == "MATCHES" ? $0 : nil } }
}

extension Explanation.Outcome {
    fileprivate init(_ outcome: SendExplanation.Outcome) {
        switch outcome {
        case .now: self = .now
        case .later: self = .later
        case .refused: self = .refused
        }
    }
}

extension Explanation.Refusal {
    fileprivate init(_ refusal: SendExplanation.Refusal) {
        self.init(
            field: refusal.field.isEmpty ? nil : refusal.field, limit: refusal.limit.isEmpty ? nil : refusal.limit,
            description: refusal.description,
            retryAfter: refusal.retryAfter == 0 ? nil : .milliseconds(Int64(clamping: refusal.retryAfter)))
    }
}

extension Explanation.Provider {
    fileprivate init(_ provider: SendExplanation.Provider) {
        self.init(
            name: provider.name, kind: provider.kind, verdict: provider.verdict, text: provider.text,
            isChosen: provider.isChosen, segmentPrice: provider.segmentPrice, weight: Int(provider.weight),
            latency: provider.latencyMilliseconds == 0 ? nil : .milliseconds(Int64(provider.latencyMilliseconds)))
    }
}

extension Explanation.Terms {
    fileprivate init?(_ response: SendExplanation) {
        guard response.priority != nil || response.unknownPriority != nil, let onUnknown = response.onUnknown else {
            return nil
        }
        self.init(
            sender: response.sender.isEmpty ? nil : response.sender,
            senderRule: response.senderRule.isEmpty ? nil : response.senderRule,
            priority: MessagePriority(response.priority ?? .normal, number: response.unknownPriority),
            onUnknown: onUnknown == .hold ? .hold : .resend,
            sendAt: response.sendAt == 0 ? nil : Date(milliseconds: response.sendAt),
            expiresAt: Date(milliseconds: response.expiresAt), reserve: response.reserve)
    }
}
