/// A provider and what comes with it. All are of one configuration: another one makes others.
package struct ProviderComponents: Sendable {
    package var provider: any SMSProvider
    /// nil = the carrier posts nothing.
    package var webhook: (any WebhookReceiver)?
    /// nil = the carrier can't be asked.
    package var lookUp: (any MessageLookUp)?
    package var check: (any ProviderCheck)?
    /// The sender of messages that name none: a number, a name, or the carrier's name for a group of numbers;
    /// nil = the carrier chooses.
    package var ownSender: String?
    /// Whether the carrier's posts can't be believed for want of a public URL: the one that it was given is part of what
    /// proves them, or it was given none.
    package var lacksPublicURL: Bool

    package init(
        provider: any SMSProvider, webhook: (any WebhookReceiver)? = nil, lookUp: (any MessageLookUp)? = nil,
        check: (any ProviderCheck)? = nil, ownSender: String? = nil, lacksPublicURL: Bool = false
    ) {
        self.provider = provider
        self.webhook = webhook
        self.lookUp = lookUp
        self.check = check
        self.ownSender = ownSender
        self.lacksPublicURL = lacksPublicURL
    }
}

/// Tries, without sending anything, whether a provider would take messages.
package protocol ProviderCheck: Sendable {
    func run() async -> ProviderCheckResult
}

package enum ProviderCheckResult: Hashable, Sendable {
    /// The carrier took the credentials.
    case passed(detail: String)
    /// It can be reached, and refuses.
    case refused(code: String, detail: String)
    /// It can't be reached, or gave no answer that says anything.
    case inconclusive(code: String, detail: String)
}
