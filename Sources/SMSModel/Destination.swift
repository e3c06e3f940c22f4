/// A country or a prefix, as the configuration has it.
package enum Destination: Hashable, Sendable {
    case country(Countries.Number)
    /// Digits, without the plus.
    case prefix([UInt8])

    /// - Parameter text: such as `DE` or `+4915`.
    package init(_ text: String) throws(DestinationProblem) {
        let digits = text.dropFirst()
        if text.hasPrefix("+") {
            guard digits.utf8.allSatisfy({ $0 &- 0x30 <= 9 }), digits.first != "0",
                1...Limits.phoneNumberDigits ~= digits.utf8.count
            else { throw .badPrefix }
            self = .prefix(Array(digits.utf8))
        } else {
            guard let country = Countries.all.number(of: text) else { throw .unknownCountry(text) }
            self = .country(country)
        }
    }
}

/// Why a destination of the configuration is none.
package enum DestinationProblem: Error, Hashable, Sendable {
    case unknownCountry(String)
    case badPrefix

    /// A clause for the one who wrote it.
    package var description: String {
        switch self {
        case .unknownCountry(let name):
            "there is no country \(name) with numbers of its own; a country is two capital letters of ISO 3166-1, such as DE"
        case .badPrefix:
            "a prefix is + and 1 to \(Limits.phoneNumberDigits) digits, such as +4915, and does not begin with +0"
        }
    }
}
