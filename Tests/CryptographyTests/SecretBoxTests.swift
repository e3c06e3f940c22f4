import Testing

@testable import Cryptography

/// Sealing, opening, and what must not open.
@Suite struct SecretBoxTests {
    /// The bytes 0, 1, 2 … 31.
    private static let hexadecimal = (0..<32).map { hex([UInt8($0)]) }.joined()
    private static let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        var rest = hexadecimal[...]
        var bytes: [UInt8] = []
        while !rest.isEmpty {
            bytes.append(UInt8(rest.prefix(2), radix: 16)!)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private func box(_ key: String = SecretBoxTests.hexadecimal) throws -> SecretBox { SecretBox(try MasterKey(key)) }

    // MARK: The cipher

    struct Vector: Sendable {
        var key: String
        var nonce: String
        var context: String
        var text: String
        var sealed: String
    }

    private static let text =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
        + "b16aedf5aa0de657ba637b39"
    private static let encrypted =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        + "c5f61e6393ba7a0abcc9f662"
    private static let key = "feffe9928665731c6d6a8f9467308308"

    /// Test cases 13 to 16 of McGrew and Viega's "The Galois/Counter Mode of Operation", which NIST refers to.
    private static let vectors = [
        Vector(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24), context: "", text: "",
            sealed: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24), context: "",
            text: String(repeating: "0", count: 32),
            sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: key + key, nonce: "cafebabefacedbaddecaf888", context: "", text: text + "1aafd255",
            sealed: encrypted + "898015adb094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            key: key + key, nonce: "cafebabefacedbaddecaf888", context: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            text: text, sealed: encrypted + "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test(arguments: vectors) func itIsTheStandardsCipher(_ vector: Vector) throws {
        let key = try MasterKey(vector.key)
        let (nonce, context) = (Self.bytes(vector.nonce), Self.bytes(vector.context))
        let (text, tag) = AES256GCM.encrypt(Self.bytes(vector.text), key, nonce: nonce, context: context)
        #expect(Self.hex(text + tag) == vector.sealed)
        #expect(AES256GCM.decrypt(text, key, nonce: nonce, context: context, tag: tag) == Self.bytes(vector.text))
    }

    // MARK: Sealed texts

    /// What Python's `cryptography` (AESGCM) made of the same key, nonce, secret and context.
    @Test func aSealedTextIsAsItIsSpecified() throws {
        let sealed = "sealed:v1:ZGVmZ2hpamtsbW5vL2kd0Lp2IvtNQhiNsgADkCyrdajB3KK5b5eS0SRRzNVzarM"
        let (secret, context) = ("gr\u{F6}\u{DF}tes Geheimnis", "issuer\nshop\ni\nk")
        #expect(try box().seal(secret, context: context, nonce: Array(100..<112)) == sealed)
        #expect(try box().open(sealed, context: context) == secret)
    }

    @Test func whatIsSealedIsOpened() throws {
        let box = try box()
        for secret in ["", "a", "gr\u{FC}\u{DF} \u{1F44B}", String(repeating: "s", count: 5000)] {
            for context in ["", "shop", "shop\nissuer"] {
                let sealed = try box.seal(secret, context: context)
                #expect(try box.open(sealed, context: context) == secret)
                #expect(try box.seal(secret, context: context) != sealed, "a nonce is used twice")
            }
        }
    }

    @Test func anotherKeyOrPlaceDoesNotOpenIt() throws {
        let sealed = try box().seal("secret", context: "shop")
        let other = try box(String(repeating: "f", count: 64))
        #expect(throws: SecretError.notOpened) { try other.open(sealed, context: "shop") }
        #expect(throws: SecretError.notOpened) { try box().open(sealed, context: "other") }
        #expect(throws: SecretError.notOpened) { try box().open(sealed, context: "") }
    }

    /// Each of its characters counts.
    @Test func aChangedTextDoesNotOpen() throws {
        let box = try box()
        let sealed = Array(try box.seal("a secret", context: "shop").utf8)
        for place in sealed.indices {
            for byte in [UInt8(ascii: "A"), UInt8(ascii: "w"), UInt8(ascii: "="), sealed[place] ^ 1] {
                var changed = sealed
                changed[place] = byte
                guard changed != sealed else { continue }
                let text = String(decoding: changed, as: UTF8.self)
                #expect(throws: SecretError.self) { try box.open(text, context: "shop") }
            }
        }
        for count in 0..<sealed.count {
            let text = String(decoding: sealed.prefix(count), as: UTF8.self)
            #expect(throws: SecretError.self) { try box.open(text, context: "shop") }
        }
    }

    @Test(arguments: ["", "secret", "sealed:", "sealed:v1:", "sealed:v2:AAAA", "sealed:v1:AAAA", "sealed:v1:?"])
    func whatIsNotSealedIsToldApart(_ text: String) throws {
        #expect(throws: SecretError.notSealed) { try box().open(text, context: "") }
    }

    // MARK: Keys

    @Test func aKeyIsWrittenInSeveralWays() throws {
        let sealed = try box().seal("secret", context: "")
        for key in [
            Self.hexadecimal, Self.hexadecimal.uppercased(), " \(Self.hexadecimal)\n", Self.base64,
            String(Self.base64.dropLast()), "\n" + Self.base64 + "\r\n",
        ] {
            #expect(try box(key).open(sealed, context: "") == "secret", "\(key)")
        }
        let usual = try box("4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=").seal("secret", context: "")
        #expect(try box("4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8").open(usual, context: "") == "secret")
    }

    @Test(arguments: [
        "", " ", "secret", String(hexadecimal.dropLast()), hexadecimal + "0", "g" + hexadecimal.dropFirst(),
        String(base64.dropLast(3)), "A" + base64, base64 + "=", String(base64.dropLast(2)) + "9=",
        String(repeating: "A", count: 42), String(repeating: "A", count: 44), hexadecimal + " " + hexadecimal,
    ]) func whatIsNoKeyIsRefused(_ text: String) {
        #expect(throws: SecretError.noKey) { try MasterKey(text) }
    }

    @Test func nothingShowsAKey() throws {
        let key = try MasterKey(Self.hexadecimal)
        for text in ["\(key)", String(describing: key), String(reflecting: SecretBox(key))] {
            #expect(!text.contains("0001") && !text.contains("AAEC"), "\(text)")
        }
    }

    @Test func theRightKeyIsKnown() throws {
        let box = try box()
        let check = try box.makeCheck()
        #expect(box.isRight(check))
        #expect(try box.makeCheck() != check)
        #expect(try !self.box(String(repeating: "f", count: 64)).isRight(check))
        #expect(!box.isRight([]))
        // It opens as nothing else, and nothing else is a check.
        let text = String(decoding: check, as: UTF8.self)
        #expect(throws: SecretError.notOpened) { try box.open(text, context: "shop") }
        #expect(!box.isRight(Array(try box.seal("", context: "shop").utf8)))
    }
}
