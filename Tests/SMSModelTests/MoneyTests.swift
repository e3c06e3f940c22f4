internal import SMSModel
internal import Testing

@Suite struct MoneyTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1_000_000), ("0.0075", 7500), ("250.5", 250_500_000), ("0.000001", 1), ("007", 7_000_000),
            ("1.100000", 1_100_000), ("9223372036854.775807", Int64.max),
        ] as [(String, Int64)])
    func isParsed(_ text: String, _ millionths: Int64) {
        #expect(Money(text)?.millionths == millionths)
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "1.0000001", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "1 ", "١", "0x10", "1.-5",
        "9223372036854.775808", "9223372036855", "99999999999999999999",
    ])
    func isRefused(_ text: String) {
        #expect(Money(text) == nil)
    }

    @Test func isWrittenAsItWouldBeRead() {
        for (millionths, text) in [
            (0, "0"), (1, "0.000001"), (7500, "0.0075"), (250_500_000, "250.5"), (3_000_000, "3"), (-1_500_000, "-1.5"),
        ] as [(Int64, String)] {
            #expect(Money(millionths: millionths).description == text)
            if millionths >= 0 { #expect(Money(text)?.millionths == millionths) }
        }
        #expect(Money(Money(millionths: .max).description)?.millionths == .max)
    }
}
