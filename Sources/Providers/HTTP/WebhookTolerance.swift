internal import ConfigurationModel
internal import SMSModel

/// How old a request may be that a carrier has signed with its time, and how far ahead.
///
/// Carriers post late what they couldn't post in time, under the signature of the first try, and the intake of receipts
/// and inbound messages is idempotent: what is bounded here is for how long somebody who has seen a request can post it
/// again, and the memory of inbound messages that this needs.
package struct WebhookTolerance: Hashable, Sendable {
    package var seconds: Int64

    package init(seconds: Int64 = Limits.webhookToleranceSeconds) {
        self.seconds = seconds
    }

    /// The member `tolerance_seconds` of a provider's settings.
    init(_ reader: inout MemberReader) {
        let given = reader.integer("tolerance_seconds", 1...Limits.webhookToleranceSecondsMaximum)
        self.init(seconds: given ?? Limits.webhookToleranceSeconds)
    }

    /// - Parameters:
    ///   - seconds: the time that was signed, since the Unix epoch.
    ///   - now: milliseconds since the Unix epoch.
    package func allows(seconds: Double, now: Int64) -> Bool {
        let age = Double(now) / 1000 - seconds
        return age <= Double(self.seconds) && -age <= Double(min(self.seconds, Limits.webhookAheadSeconds))
    }
}
