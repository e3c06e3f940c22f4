import GatewayTestKit
import SMSModel
import Testing

@Suite struct PhoneNumberTests {
    @Test(arguments: [
        "+14155552671", "+447400123456", "+441512345678", "+4915123456789", "+4912345678", "+390612345678",
        "+39312345678", "+5491123456789", "+2250701234567", "+80012345678", "+15005550001",
        "+491512345678901",  // fifteen digits in all
    ])
    func takesPossibleNumbers(_ number: String) {
        #expect(check(number) == nil)
    }

    @Test(
        arguments: [
            ("", .empty),
            ("14155552671", .missingPlus),
            ("0049151", .missingPlus),
            (" +14155552671", .missingPlus),
            ("＋14155552671", .missingPlus),
            ("+1 (415) 555-2671", .notADigit(offset: 2)),
            ("+1415555267x", .notADigit(offset: 11)),
            ("++14155552671", .notADigit(offset: 1)),
            ("+14155552671\0", .notADigit(offset: 12)),
            ("+1415555267/", .notADigit(offset: 11)),
            ("+1415555267:", .notADigit(offset: 11)),
            ("+", .unknownCountryCode),
            ("+0", .unknownCountryCode),
            ("+00123456789", .unknownCountryCode),
            ("+014155552671", .unknownCountryCode),
            ("+999123456789", .unknownCountryCode),
            ("+4", .unknownCountryCode),
            ("+1", .tooShort(countryCode: 1, digits: 0)),
            ("+123", .tooShort(countryCode: 1, digits: 2)),
            ("+1415555", .tooShort(countryCode: 1, digits: 6)),
            ("+15552671", .tooShort(countryCode: 1, digits: 7)),  // local only
            ("+3931", .tooShort(countryCode: 39, digits: 2)),
            ("+141555526710", .tooLong(countryCode: 1, digits: 11)),
            ("+14155552671234567", .tooLong(countryCode: 1, digits: 16)),
            ("+4915123456789012", .tooLong(countryCode: 49, digits: 14)),  // sixteen digits in all
            ("+4401512345678", .tooLong(countryCode: 44, digits: 11)),  // with the national prefix
            ("+4481234567", .impossibleLength(countryCode: 44, digits: 8)),
        ] as [(String, PhoneNumberProblem)])
    func refusesOthersWithTheirReason(_ number: String, _ problem: PhoneNumberProblem) {
        #expect(check(number) == problem)
    }

    @Test func aVeryLongNumberIsTooLong() {
        let number = "+1" + String(repeating: "5", count: 100_000)
        #expect(check(number) == .tooLong(countryCode: 1, digits: 100_000))
    }

    @Test func descriptionsNameThePossibleLengths() {
        #expect(
            check("+1415555")?.description == "The number is too short: after +1 come 10 digits, not 6.")
        #expect(
            check("+4481234567")?.description
                == "The number has an impossible length: after +44 come 7, 9 or 10 digits, not 8.")
        #expect(
            check("+49123")?.description == "The number is too short: after +49 come 4 to 13 digits, not 3.")
    }

    /// The ranges of machines' numbers: calling code, what the national numbers begin with, and how many digits they may
    /// have that other numbers don't have. phonenumbers knows none of them.
    private static let machines: [(code: String, prefix: String, digits: [Int])] = [
        ("32", "77", [13]), ("33", "700", [12, 13]), ("34", "59", [13]), ("45", "37", [12]), ("46", "710", [13]),
        ("46", "719", [13]), ("47", "58", [12]), ("47", "59", [12]), ("262", "700", [12]), ("590", "700", [12]),
        ("594", "700", [12]), ("596", "700", [12]),
    ]

    @Test(arguments: [
        "+47580000474825", "+47580009083060", "+337000001573827", "+337000011564653", "+327700010023652",
        "+46719000123456", "+467190001234567", "+345901234567890", "+45371234567890",
        "+3197005030420", "+3197001234567", "+590700512345678", "+262700812345678",
    ])
    func takesMachinesNumbers(_ number: String) {
        #expect(check(number) == nil)
    }

    @Test func machinesNumbersHaveTheirOwnLengths() throws {
        for (code, prefix, digits) in Self.machines {
            for length in digits {
                func number(_ prefix: String, _ length: Int) -> String {
                    "+\(code)\(prefix)" + String(repeating: "4", count: length - prefix.utf8.count)
                }
                #expect(check(number(prefix, length)) == nil)
                // One digit more, and other numbers as long.
                let isLongest = length == digits.last
                let longer = check(number(prefix, length + 1))
                #expect(isLongest ? longer == .tooLong(countryCode: Int(code)!, digits: length + 1) : longer == nil)
                let other = check(number("1" + prefix.dropFirst(), length))
                #expect(
                    other == .tooLong(countryCode: Int(code)!, digits: length)
                        || other == .impossibleLength(countryCode: Int(code)!, digits: length),
                    "\(other as Any)")
            }
        }
    }

    @Test func countriesOfMachinesAreRight() {
        let countries = [
            ("+47580000474825", "NO"), ("+4759123456789", "NO"), ("+337000001573827", "FR"),
            ("+327700010023652", "BE"), ("+467190001234567", "SE"), ("+345901234567890", "ES"),
            ("+45371234567890", "DK"), ("+3197005030420", "NL"), ("+262700812345678", "RE"),
            ("+590700512345678", "GP"), ("+594700612345678", "GF"), ("+596700712345678", "MQ"),
        ]
        for (number, code) in countries {
            let (country, _) = Array(number.utf8).withUnsafeBytes(Countries.all.country(of:))
            #expect(country != 0 && Countries.all.code(country) == code, "\(number)")
        }
    }

    @Test func descriptionsTellWhatMachinesMayHave() {
        #expect(
            check("+47221234567890")?.description
                == "The number is too long: after +47 come 5 or 8 digits, or 12 that begin with 58, or 12 that begin "
                + "with 59, not 12.")
        #expect(
            check("+475812345678901")?.description
                == "The number is too long: after +47 come 5 or 8 digits, or 12 that begin with 58, or 12 that begin "
                + "with 59, not 13.")
        #expect(
            check("+4758123456789")?.description
                == "The number has an impossible length: after +47 come 5 or 8 digits, or 12 that begin with 58, or 12 "
                + "that begin with 59, not 11.")
    }

    /// Every country calling code that could be, with every length that could be: what phonenumbers 9 says.
    @Test func agreesWithPhonenumbersOnAllCodesAndLengths() throws {
        var random = SeededGenerator(seed: 3)
        var numbers: [String] = []
        for code in 1...999 {
            for digits in 0...(Limits.phoneNumberDigits - String(code).count) {
                let national = (0..<digits).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
                numbers.append("+\(code)\(national)")
            }
        }
        let possible = try Oracle("phone_numbers.py").answers(to: numbers, as: Bool.self)
        try #require(possible.count == numbers.count)
        for (number, possible) in zip(numbers, possible) where !isMachine(number) {
            #expect((check(number) == nil) == possible, "\(number): \(String(describing: check(number)))")
        }
        #expect(possible.contains(true) && possible.contains(false))
    }

    private func isMachine(_ number: String) -> Bool {
        Self.machines.contains { code, prefix, digits in
            number.hasPrefix("+\(code)\(prefix)") && digits.contains(number.utf8.count - 1 - code.utf8.count)
        }
    }

    private func check(_ number: String) -> PhoneNumberProblem? {
        Array(number.utf8).withUnsafeBytes(PhoneNumber.check)
    }
}
