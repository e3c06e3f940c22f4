internal import SMSModel

/// How one country writes its numbers inside of the country (``NationalPrefixes``).
struct NationalNumbering: Equatable {
    /// Its code of ISO 3166-1.
    let country: String
    /// Digits.
    let callingCode: String
    /// What comes before a national number inside of the country, and is left out from abroad; empty = nothing.
    let trunkPrefix: String
    /// Whether no number is written without the trunk prefix.
    let needsTrunkPrefix: Bool
    /// What comes before the calling code of another country; nil where a carrier is chosen with it.
    let internationalPrefix: String?

    /// The numbering of a country by its code, in capital or small letters; nil if none is known.
    init?(country: String) {
        guard let found = Self.all[country.uppercased()] else { return nil }
        self = found
    }

    private init(
        country: String, callingCode: String, trunkPrefix: String, needsTrunkPrefix: Bool, internationalPrefix: String?
    ) {
        self.country = country
        self.callingCode = callingCode
        self.trunkPrefix = trunkPrefix
        self.needsTrunkPrefix = needsTrunkPrefix
        self.internationalPrefix = internationalPrefix
    }

    private static let all: [String: NationalNumbering] = {
        var all: [String: NationalNumbering] = [:]
        for line in NationalPrefixes.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            let trunk = words[0].filter { ("0"..."9").contains($0) }
            for word in words.dropFirst(2) {
                let country = String(word.prefix(2))
                all[country] = NationalNumbering(
                    country: country, callingCode: String(word.dropFirst(2)), trunkPrefix: trunk,
                    needsTrunkPrefix: words[0].hasSuffix("!"),
                    internationalPrefix: words[1] == "-" ? nil : String(words[1]))
            }
        }
        return all
    }()

    /// Turns the digits of a number, without a plus, into E.164.
    ///
    /// Nothing is guessed: a number that lacks the trunk prefix which its country always writes is refused, unless all
    /// national numbers of the country have one length, and it has that.
    func international(_ digits: String) throws(RowProblem) -> String {
        if let internationalPrefix, digits.hasPrefix(internationalPrefix) {
            return "+" + digits.dropFirst(internationalPrefix.count)
        }
        if digits.hasPrefix("00") {
            throw RowProblem(text: "to: \(digits) begins with 00, which is ambiguous in \(country): write + for it")
        }
        if !trunkPrefix.isEmpty, digits.hasPrefix(trunkPrefix) {
            let rest = "+\(callingCode)\(digits.dropFirst(trunkPrefix.count))"
            if trunkPrefix == "0" || Self.isPossible(rest) || !Self.isPossible("+\(callingCode)\(digits)") {
                return rest
            }
        } else if needsTrunkPrefix, digits.count != onlyLength {
            throw RowProblem(
                text:
                    "to: \(digits) begins neither with + or \(internationalPrefix ?? "00") nor with the \(trunkPrefix) "
                    + "of national numbers in \(country); did a spreadsheet drop it?")
        }
        return "+\(callingCode)\(digits)"
    }

    /// The digits of every national number of the country; nil if they have several lengths.
    private var onlyLength: Int? {
        let possible = (1...14).filter { Self.isPossible("+\(callingCode)" + String(repeating: "2", count: $0)) }
        return possible.count == 1 ? possible[0] : nil
    }

    private static func isPossible(_ number: String) -> Bool {
        Array(number.utf8).withUnsafeBytes { PhoneNumber.check($0) } == nil
    }
}
