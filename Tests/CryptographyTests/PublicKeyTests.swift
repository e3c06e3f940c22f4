import Cryptography
import Testing

/// Signatures, verified with keys in each of their forms.
@Suite struct PublicKeyTests {
    private static let message = Array(#"{"event":"delivered"}"#.utf8)

    private static func octets(_ text: String) throws -> [UInt8] { try #require(Hexadecimal.decode(text)) }

    // MARK: Ed25519

    /// What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
    private static let ed25519Head = "302a300506032b6570032100"
    private static let ed25519Key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    private static let ed25519Signature =
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"

    /// Tests 1, 2 and 3 of RFC 8032, section 7.1.
    @Test(arguments: [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b",
            [] as [UInt8]
        ),
        (ed25519Key, ed25519Signature, [0x72]),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a",
            [0xaf, 0x82]
        ),
    ]) func ed25519IsTheStandards(_ key: String, _ signature: String, _ message: [UInt8]) throws {
        let raw = try Self.octets(key)
        let signature = try Self.octets(signature)
        let keys = [PublicKey(ed25519: raw), PublicKey(der: try Self.octets(Self.ed25519Head) + raw)]
        for key in keys {
            let key = try #require(key)
            #expect(key.verifies(signature, of: message, .ed25519))
            #expect(!key.verifies(signature, of: message + [0], .ed25519))
            #expect(!key.verifies(Array(signature.dropLast()), of: message, .ed25519))
            #expect(!key.verifies([], of: message, .ed25519))
            for place in signature.indices {
                var changed = signature
                changed[place] ^= 1
                #expect(!key.verifies(changed, of: message, .ed25519))
            }
        }
    }

    @Test func anEd25519KeyHas32Bytes() throws {
        let raw = try Self.octets(Self.ed25519Key)
        #expect(PublicKey(ed25519: Array(raw.dropLast())) == nil)
        #expect(PublicKey(ed25519: raw + [0]) == nil)
        #expect(PublicKey(ed25519: []) == nil)
    }

    @Test func derIsReadWhole() throws {
        let der = try Self.octets(Self.ed25519Head + Self.ed25519Key)
        #expect(PublicKey(der: der) != nil)
        #expect(PublicKey(der: der + [0]) == nil)
        for count in 0..<der.count { #expect(PublicKey(der: Array(der.prefix(count))) == nil) }
    }

    // MARK: ECDSA and RSA, with keys and signatures of Python's `cryptography`

    private static let curveKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiWNqYwDxUO7f0MdmazRc58b6TIbp
        f3o6ypYHt1izftbJQpF41aLEq9df/nF8DI76QzlWqYGWZknxC4tk6MRp5g==
        -----END PUBLIC KEY-----
        """
    private static let curveSignature =
        "3046022100ac4b8c4e23a0de97ac3cc63f511e7b0c13225ee2cbd338db6340ae13361134cd"
        + "022100e87e9504ce1b2f8cdd5b007b4bf8d3f5eda10203d9433b142202eb710900a4cd"

    private static let rsaKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxFmxMPRSA8gQzzIRKKtX
        Tsq7czzW6wt1VWN2tTn5Sm6/gu6DxD5Q1a38ecmP7/x8RIcHwl+CplxjaYUpicDz
        6qiad5VuuzQ0RLWVdmEso2Gx9tWDnFaP9ohwaD1DZSIu5957QO+eV/yJAzaImgvg
        koh13v0pQ4/7nA9G1G1iPvrsns4lGBiN5cd78RpSjgUSJi19yEiC2cqjycfGk9oM
        hk25rh0flKlTWoLagnmaLgM+4bntw0Kw5jHxFUfEDc8pOluBkWQdfyyXMcWy7Fpw
        dEkia0cChBDComQ7ObuuhkWrpKrSOxudZ2JXRZFpiLyPmjQmqsOaY9/n9+Kl9nYJ
        gQIDAQAB
        -----END PUBLIC KEY-----
        """
    private static let rsaSignature =
        "412cbf9d882d99b6aa318091c5ecd63873aff288cbf23abeb1715c0fbd913d17dc36ef3df6d74d81215f93e400e3211cf46b2dfad5bb"
        + "2017cf66afdd4f274f7608cc8eb1d99d4e1f69646be473dc7e2aae75fca5df841ef2f922229d4fd00a34f7e96579d81784e4718c"
        + "8987f9c6b053ba90ab138dcef09cc5af498688748554ce49f832695128882370d0561c512624f0e383552d031e3667535be7a87f"
        + "9ae3a67c65343d3d48a127510b233944d9576810125da9f6985f5e628112c0b4e0598f2413323b29d1fa26ef46603251da93bdd7"
        + "cb3f12328478f5bf9902110afe46a7946d75480a61c79aa67e2101da6a53ae6ee68211344b1acbada8dd5b60f2ab"

    @Test(arguments: [
        (curveKey, curveSignature, SignatureAlgorithm.ecdsa(.sha256)), (rsaKey, rsaSignature, .rsa(.sha256)),
    ]) func aSignatureIsOfOneKeyMessageAndAlgorithm(
        _ pem: String, _ signature: String, _ algorithm: SignatureAlgorithm
    ) throws {
        let key = try #require(PublicKey(pem: pem))
        let signature = try Self.octets(signature)
        #expect(key.verifies(signature, of: Self.message, algorithm))
        #expect(!key.verifies(signature, of: Self.message + [0x20], algorithm))
        for place in stride(from: 0, to: signature.count, by: 7) {
            var changed = signature
            changed[place] ^= 0x40
            #expect(!key.verifies(changed, of: Self.message, algorithm))
        }
        let others: [SignatureAlgorithm] = [
            .ed25519, .ecdsa(.sha256), .ecdsa(.sha512), .rsa(.sha256), .rsa(.sha1),
        ]
        for other in others where other != algorithm {
            #expect(!key.verifies(signature, of: Self.message, other), "\(other)")
        }
    }

    /// RSA of 1024 bits, no PEM, PEM of something else, and PEM that is cut short.
    @Test(arguments: [
        """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDjegyALPAqAg5bGfCbm/UEnrQX
        B/XephLjNNE6T8hEc9MFajBIMhoL0Msx2gGQSKkBauSUO156GDMG2O4SJNfl6cCh
        PAUGCf+U1d4Pi2JDI+uhiZ5oQWAuVavwOLHP6CIhEqDDuanHejQxz0dRj5+lnw13
        sSqgWEnNf8HYf44vBwIDAQAB
        -----END PUBLIC KEY-----
        """,
        "", "key", curveKey.replacing("PUBLIC KEY", with: "CERTIFICATE"), String(curveKey.dropLast(40)),
    ]) func whatIsNoGoodKeyIsRefused(_ pem: String) {
        #expect(PublicKey(pem: pem) == nil)
    }
}
