package import Providers

/// A provider for the pool.
package struct PooledProvider: Sendable {
    package var provider: any SMSProvider
    /// As the store knows it.
    package var number: UInt8
    package var limits: ProviderLimits

    package init(provider: any SMSProvider, number: UInt8, limits: ProviderLimits = ProviderLimits()) {
        self.provider = provider
        self.number = number
        self.limits = limits
    }
}
