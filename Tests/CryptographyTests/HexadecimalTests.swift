import Cryptography
import Testing

@Suite struct HexadecimalTests {
    @Test func everyOctetIsReadBack() {
        let octets = (0...255).map { UInt8($0) }
        let text = Hexadecimal.encode(octets)
        #expect(text.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
        #expect(Hexadecimal.decode(text) == octets)
        #expect(Hexadecimal.decode(text.uppercased()) == octets)
        #expect(Hexadecimal.encode([]) == "")
        #expect(Hexadecimal.decode("") == [])
    }

    @Test(arguments: ["0", "000", "0g", "g0", " 0", "0x", "é", "\u{FF11}\u{FF12}"])
    func whatIsNoneIsRefused(_ text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
