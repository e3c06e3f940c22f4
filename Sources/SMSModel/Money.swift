/// An amount of money, in millionths of a currency. Which currency it is only people know: all prices and budgets are
/// given in the same one.
package struct Money: Hashable, Sendable {
    package var millionths: Int64

    package init(millionths: Int64) {
        self.millionths = millionths
    }

    /// Parses a decimal number that is not negative, with at most six decimals: `250`, `0.0075`. There are no signs,
    /// exponents or separators of thousands.
    /// - Returns: nil if it is none, or is more than 9,223,372,036,854.775807.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : "0"
        guard (1...6).contains(decimals.utf8.count), let whole = Self.number(parts[0]),
            let fraction = Self.number(decimals)
        else { return nil }
        var scaled = fraction
        for _ in decimals.utf8.count..<6 { scaled *= 10 }
        let (millionths, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isStillTooLarge) = millionths.addingReportingOverflow(scaled)
        guard !isTooLarge, !isStillTooLarge else { return nil }
        self.millionths = sum
    }

    /// Digits only, at least one.
    private static func number(_ digits: some StringProtocol) -> Int64? {
        digits.utf8.allSatisfy { (48...57).contains($0) } ? Int64(digits) : nil
    }
}

extension Money: CustomStringConvertible {
    /// The shortest text that is parsed as this amount.
    package var description: String {
        let (whole, fraction) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        var text = (millionths < 0 ? "-" : "") + String(whole)
        guard fraction > 0 else { return text }
        let digits = String(fraction)
        text += "." + String(repeating: "0", count: 6 - digits.count) + digits
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }
}
