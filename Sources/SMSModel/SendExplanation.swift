/// What would become of a message that was sent now, and why. Times are milliseconds since the Unix epoch, amounts of
/// money millionths of the currency.
package struct SendExplanation: Hashable, Sendable {
    /// Raw values are the protocol's.
    package enum Outcome: UInt8, CaseIterable, Sendable {
        case now = 1
        case later = 2
        case refused = 3
    }

    /// Why it would be refused.
    package struct Refusal: Hashable, Sendable {
        /// The request's field that is wrong; "" = none is.
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
    /// The number of ``encoding`` in an answer of a later version, which this one doesn't know.
    package var unknownEncoding: Int32?
    /// The same of ``priority``.
    package var unknownPriority: Int32?
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
}
