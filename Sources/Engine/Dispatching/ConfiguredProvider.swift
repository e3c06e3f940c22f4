package import Providers
package import Routing

/// A provider for the pool.
package struct ConfiguredProvider: Sendable {
    package var provider: any SMSProvider
    /// The number by which the store knows it.
    package var number: UInt8
    package var limits: ProviderLimits
    /// The provider's rules for messages that name no sender; nil = its options alone say it.
    package var senders: SenderTable?
    /// See ``ProviderComponents/ownSender``.
    package var ownSender: String?

    package init(
        provider: any SMSProvider, number: UInt8, limits: ProviderLimits = ProviderLimits(),
        senders: SenderTable? = nil, ownSender: String? = nil
    ) {
        self.provider = provider
        self.number = number
        self.limits = limits
        self.senders = senders
        self.ownSender = ownSender
    }

    package func start(reportingTo writer: Writer) {
        provider.start(events: CarrierRoad(to: writer, from: number, name: provider.name))
    }
}
