/// Recipients' numbers: strict E.164, a plus and digits.
///
/// Checked is that a number is *possible*: a known country calling code and a length in use there, which for ranges of
/// machine-to-machine numbers is another one than for other numbers. Assigned ranges are not checked, as such tables
/// age. Nothing is guessed or stripped: no spaces, no national form, no local form without its area code.
package enum PhoneNumber {
    /// What is wrong with a number, or nil if it may be one.
    package static func check(_ number: UnsafeRawBufferPointer) -> PhoneNumberProblem? {
        guard let first = number.first else { return .empty }
        guard first == UInt8(ascii: "+") else { return .missingPlus }
        for offset in 1..<number.count where number[offset] &- 0x30 > 9 {
            return .notADigit(offset: offset)
        }

        // Country calling codes have one to three digits, and none begins another.
        var code = 0
        for offset in 1..<min(number.count, 4) {
            code = code * 10 + Int(number[offset] &- 0x30)
            // No code begins with a zero, and 01 is not 1.
            guard code > 0 else { break }
            let lengths = CountryCodes.nationalLengths(code)
            guard lengths != 0 else { continue }
            return check(UnsafeRawBufferPointer(rebasing: number[(offset + 1)...]), lengths, code)
        }
        return .unknownCountryCode
    }

    /// The digits of a number as one integer: at most 15 digits, and none of them is lost, as the first isn't 0.
    ///
    /// - Parameter number: in E.164, checked.
    package static func digits(of number: UnsafeRawBufferPointer) -> UInt64 {
        var digits: UInt64 = 0
        for offset in 1..<max(1, number.count) { digits = digits &* 10 &+ UInt64(number[offset] &- 0x30) }
        return digits
    }

    /// The digits of a number as one integer, or what is wrong with it.
    package static func digits(of number: String) throws(PhoneNumberProblem) -> UInt64 {
        try Array(number.utf8).withUnsafeBufferPointer { (utf8) throws(PhoneNumberProblem) in
            let bytes = UnsafeRawBufferPointer(utf8)
            if let problem = check(bytes) { throw problem }
            return digits(of: bytes)
        }
    }

    /// A number in E.164, from its digits as one integer.
    package static func text(_ digits: UInt64) -> String { "+\(digits)" }

    private static func check(
        _ national: UnsafeRawBufferPointer, _ ordinary: UInt16, _ code: Int
    ) -> PhoneNumberProblem? {
        let digits = national.count
        if digits < UInt16.bitWidth, ordinary >> UInt16(digits) & 1 == 1 { return nil }
        let lengths = ordinary | CountryCodes.machineLengths(code, national)
        if digits > UInt16.bitWidth - 1 - lengths.leadingZeroBitCount {
            return .tooLong(countryCode: code, digits: digits)
        }
        if lengths >> UInt16(digits) & 1 == 1 { return nil }
        if digits < lengths.trailingZeroBitCount { return .tooShort(countryCode: code, digits: digits) }
        return .impossibleLength(countryCode: code, digits: digits)
    }
}

extension CountryCodes {
    /// How many digits a national number may have as a machine's, as ``nationalLengths(_:)`` tells it; 0 = it is in no
    /// such range.
    fileprivate static func machineLengths(_ code: Int, _ national: UnsafeRawBufferPointer) -> UInt16 {
        var lengths: UInt16 = 0
        for range in machineRanges where range.code == code {
            let prefix = UnsafeRawBufferPointer(start: range.prefix.utf8Start, count: range.prefix.utf8CodeUnitCount)
            if national.starts(with: prefix) { lengths |= range.lengths }
        }
        return lengths
    }
}

/// Why a number cannot be one. Digits are those after the country code.
package enum PhoneNumberProblem: Error, Hashable, Sendable {
    case empty
    case missingPlus
    /// Bytes from the number's beginning.
    case notADigit(offset: Int)
    case unknownCountryCode
    case tooShort(countryCode: Int, digits: Int)
    case tooLong(countryCode: Int, digits: Int)
    /// Between the shortest and the longest that are possible, but no number is so long.
    case impossibleLength(countryCode: Int, digits: Int)

    /// One sentence for the one who gave the number.
    package var description: String {
        switch self {
        case .empty:
            "The number is empty; write it in international form, such as +14155550100."
        case .missingPlus:
            "The number does not begin with +; write it in international form, such as +14155550100."
        case .notADigit(let offset):
            "Only digits may follow the +, without spaces or punctuation; byte \(offset) is none."
        case .unknownCountryCode:
            "The + is not followed by a country calling code in use."
        case .tooShort(let code, let digits):
            "The number is too short: " + Self.lengths(code, digits)
        case .tooLong(let code, let digits):
            "The number is too long: " + Self.lengths(code, digits)
        case .impossibleLength(let code, let digits):
            "The number has an impossible length: " + Self.lengths(code, digits)
        }
    }

    private static func lengths(_ code: Int, _ digits: Int) -> String {
        let ordinary = list(CountryCodes.nationalLengths(code))
        let machines = CountryCodes.machineRanges.filter { $0.code == code }.map { range in
            ", or \(list(range.lengths)) that begin with \(range.prefix)"
        }
        return "after +\(code) come \(ordinary) digits\(machines.joined()), not \(digits)."
    }

    /// The lengths of a mask, in words.
    private static func list(_ mask: UInt16) -> String {
        let possible = (0..<UInt16.bitWidth).filter { mask >> UInt16($0) & 1 == 1 }
        if let least = possible.first, let most = possible.last, possible.count > 2, most - least < possible.count {
            return "\(least) to \(most)"
        }
        let words = possible.map(String.init)
        return words.dropLast().joined(separator: ", ") + (words.count > 1 ? " or " : "") + (words.last ?? "")
    }
}
