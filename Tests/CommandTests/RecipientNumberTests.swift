import GatewayTestKit
import Testing

@testable import apus

@Suite struct RecipientNumberTests {
    private func read(_ text: String, _ country: String? = nil) -> Result<String, RowProblem> {
        Result { () throws(RowProblem) in
            try RecipientNumber(numbering: country.flatMap(NationalNumbering.init(country:))).read(text)
        }
    }

    @Test(arguments: [
        "+49 170 1234567", "+49-170-1234567", "+49.170.1234567", "+49 (170) 123 45 67", "+49 (0) 170 1234567",
        "+49(0)170/1234567", "'+491701234567", "’+491701234567", "0049 170 1234567", "0049 (0)170 1234567",
        " +491701234567 ", "+49\u{A0}170\u{202F}1234567", "+49‑170–1234567", "+491701234567", "[+49] 170 1234567",
    ])
    func numbersAreCleaned(_ text: String) {
        #expect(read(text) == .success("+491701234567"))
    }

    @Test(
        arguments: [
            ("0170 1234567", "DE", "+491701234567"), ("(0170) 1234567", "DE", "+491701234567"),
            ("07400 123456", "gb", "+447400123456"), ("(415) 555-0100", "US", "+14155550100"),
            ("1 415 555 0100", "US", "+14155550100"), ("011 49 170 1234567", "US", "+491701234567"),
            ("612 345 678", "ES", "+34612345678"), ("06 12345678", "IT", "+390612345678"),
            ("8 (912) 345-67-89", "RU", "+79123456789"), ("9123456789", "RU", "+79123456789"),
            ("8005553535", "RU", "+78005553535"), ("06 20 123 4567", "HU", "+36201234567"),
            ("0011 49 170 1234567", "AU", "+491701234567"), ("010 49 170 1234567", "JP", "+491701234567"),
            ("612345678", "FR", "+33612345678"), ("9812345678", "IN", "+919812345678"),
            ("+33612345678", "DE", "+33612345678"),
        ])
    func nationalNumbersAreOfTheirCountry(_ text: String, _ country: String, _ number: String) {
        #expect(read(text, country) == .success(number))
    }

    @Test(
        arguments: [
            ("\u{202A}+491701234567\u{202C}", nil, "U+202A (LEFT-TO-RIGHT EMBEDDING)"),
            ("+49170\u{200B}1234567", nil, "U+200B"),
            ("1.41555E+10", nil, "a spreadsheet has rounded the number to 1.41555E+10"),
            ("4,91702E+11", nil, "its last digits are lost"), ("0170 1234567", nil, "--country DE"),
            ("170 1234567", "DE", "did a spreadsheet drop it?"), ("491701234567", "DE", "begins neither with +"),
            ("+49 170 12x", nil, "“x” (U+0078)"), ("+1415", nil, "too short"), ("0055 11 961234567", "BR", "ambiguous"),
            ("--", nil, "to is missing"), ("+49+170", nil, "“+” (U+002B)"),
        ] as [(String, String?, String)])
    func othersAreRefusedWithTheirReason(_ text: String, _ country: String?, _ reason: String) {
        guard case .failure(let problem) = read(text, country) else {
            Issue.record("accepted")
            return
        }
        #expect(problem.text.contains(reason), "\(problem.text)")
    }

    @Test(arguments: ["AR", "XX", "", "Germany"])
    func countriesWithoutARuleAreNone(_ country: String) {
        #expect(NationalNumbering(country: country) == nil)
    }

    private struct Answer: Decodable {
        var country: String
        var written: String
        var international: String
    }

    /// Numbers that phonenumbers gives as examples, and others of their pattern, as they are written in their country.
    @Test func numbersAreThoseOfPhonenumbers() throws {
        let answers = try Oracle("national_numbers.py").answers(to: [String](), as: [Answer].self).flatMap(\.self)
        #expect(Set(answers.map(\.country)).count > 230)
        var wrong: [String] = []
        for answer in answers where read(answer.written, answer.country) != .success(answer.international) {
            wrong.append("\(answer.country) \(answer.written): \(read(answer.written, answer.country))")
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(answers.count), such as \(wrong.prefix(5))")
    }
}
