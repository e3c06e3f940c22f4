package import SMSModel

/// Why a configuration is refused: everything that is wrong with it.
package struct ConfigurationError: Error, Hashable, Sendable {
    /// At least one; fields are paths such as `tenants.shop.rate.burst`.
    package var violations: [FieldViolation]

    package init(_ violations: [FieldViolation]) {
        self.violations = violations
    }
}
