/// The country that a number belongs to, by its first digits.
///
/// Assigned ranges are not checked: a number that nobody has counts as its calling code's main country's. Numbers of
/// satellites, freephone services and the like (+800, +870, +881 …) are of no country.
package struct Countries: Sendable {
    package static let all = Countries()

    /// A country's number: its place in ``codes`` + 1.
    package typealias Number = UInt16

    /// The codes of ISO 3166-1: two capital letters; rising.
    package let codes: [String]
    private let prefixes: PrefixTable
    /// What numbers of any country begin with: digits, without the plus.
    package let callingPrefixes: [[UInt8]]

    private init() {
        var codes: [String] = []
        var prefixes = PrefixTable()
        var callingPrefixes: [[UInt8]] = []
        for line in CountryPrefixes.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            codes.append(String(words[0]))
            for prefix in words.dropFirst() {
                prefixes.insert(prefix.utf8, Number(codes.count))
                callingPrefixes.append(Array(prefix.utf8))
            }
        }
        self.codes = codes
        self.callingPrefixes = callingPrefixes
        self.prefixes = prefixes
    }

    /// - Returns: nil if there is no such country, or it has no numbers.
    package func number(of code: String) -> Number? {
        codes.firstIndex(of: code).map { Number($0 + 1) }
    }

    package func code(_ number: Number) -> String { codes[Int(number) - 1] }

    /// The country of a number, and how many of its digits tell that; 0 = of none.
    ///
    /// - Parameter number: in E.164, checked.
    package func country(of number: UnsafeRawBufferPointer) -> (country: Number, digits: Int) {
        let (country, digits) = prefixes.longest(of: number)
        return (country, digits)
    }
}
