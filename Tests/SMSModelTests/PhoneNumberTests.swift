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
        for (number, possible) in zip(numbers, possible) {
            #expect((check(number) == nil) == possible, "\(number): \(String(describing: check(number)))")
        }
        #expect(possible.contains(true) && possible.contains(false))
    }

    private func check(_ number: String) -> PhoneNumberProblem? {
        Array(number.utf8).withUnsafeBytes(PhoneNumber.check)
    }
}
