package import Admission
package import ConfigurationModel
package import SMSModel

/// A tenant as one generation of the configuration has it; it never changes.
///
/// There may be ``Limits/tenants`` of them, so of its settings it has what is asked for with calls, in the form
/// in which it is asked for, and nothing else.
package final class Tenant: Sendable {
    package let id: TenantID
    package let name: String
    package let generation: UInt32
    /// Whether its credentials open anything.
    let isEnabled: Bool
    package let validator: SubmitValidator
    package let limits: TenantLimits
    /// Whether there is one among ``limits`` to ask: a load, where asking them is a call into this module.
    package let hasRates: Bool
    /// One for each of its issuers.
    package let verifiers: [TokenVerifier]

    /// - Parameters:
    ///   - segmentPrice: at the dearest provider.
    ///   - former: of the generation before; what it knows and still holds goes on.
    package init(
        _ entry: TenantEntry, generation: UInt32, defaults: TenantDefaults,
        segmentPrice: Money = Money(millionths: 0), former: Tenant? = nil
    ) {
        id = entry.id
        name = entry.name
        isEnabled = entry.settings.isEnabled
        self.generation = generation
        validator = SubmitValidator(
            entry.settings, sender: defaults.sender, validity: defaults.validity, onUnknown: defaults.onUnknown,
            segmentPrice: segmentPrice)
        limits = TenantLimits(entry.settings, goingOnFrom: former?.limits)
        hasRates = entry.settings.rate != nil || entry.settings.connectionRate != nil
        verifiers = entry.settings.issuers.map { issuer in
            former?.verifiers.first { $0.issuer == issuer } ?? TokenVerifier(issuer)
        }
    }
}

/// A tenant of the configuration.
package struct TenantEntry: Hashable, Sendable {
    package var id: TenantID
    package var name: String
    package var settings: TenantSettings

    package init(id: TenantID, name: String, settings: TenantSettings) {
        self.id = id
        self.name = name
        self.settings = settings
    }
}

/// What holds where neither a request nor its tenant's settings say anything.
package struct TenantDefaults: Hashable, Sendable {
    /// Empty leaves the choice to the provider.
    package var sender: String
    /// Milliseconds.
    package var validity: UInt64
    package var onUnknown: OnUnknown

    package init(
        sender: String = "", validity: UInt64 = Limits.validityDefaultMilliseconds, onUnknown: OnUnknown = .hold
    ) {
        self.sender = sender
        self.validity = validity
        self.onUnknown = onUnknown
    }
}
