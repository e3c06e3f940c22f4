internal import SMSModel

/// An amount of the currency that the providers' prices are in, as documents write it: `250.00`.
package struct Money: Hashable, Sendable {
    /// Not negative.
    package var millionths: Int64

    package init(millionths: Int64) {
        self.millionths = millionths
    }

    /// Digits, and at most six of them behind a point; nil for anything else, and above
    /// ``Limits/quotaCostPerMonth``.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 &- 0x30 <= 9 } }) else {
            return nil
        }
        let decimals = parts.count == 2 ? parts[1].count : 0
        guard decimals <= 6, parts[0].count <= 12 else { return nil }
        let digits = Array(parts.joined()) + Array(repeating: UInt8(ascii: "0"), count: 6 - decimals)
        millionths = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        guard millionths <= Limits.quotaCostPerMonth else { return nil }
    }

    /// With two decimals, or as many more as it takes.
    package var text: String {
        var decimals = String(millionths % 1_000_000 + 1_000_000).dropFirst()
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        return "\(millionths / 1_000_000).\(decimals)"
    }
}
