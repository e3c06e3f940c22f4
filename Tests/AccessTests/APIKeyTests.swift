import Access
import GatewayTestKit
import SMSModel
import Testing

@Suite struct APIKeyTests {
    private let bytes = Bytes()
    private let random = (0..<32).map { UInt8($0 * 8) }
    private let salt = (0..<16).map { UInt8($0) }

    @Test func aNewKeyIsWellFormed() {
        let key = random.withUnsafeBytes(APIKey.make)
        #expect(key == "apus_AIQYgow4AIQYgow4AIQYgow4AIQYgow4")
        #expect(APIKey.isWellFormed(bytes(key)))
        let every = (0...255).map { UInt8($0) }
        #expect(Set(every.withUnsafeBytes(APIKey.make).dropFirst(5)).count == 64)
    }

    @Test func formIsChecked() {
        let secret = String(repeating: "a", count: 32)
        let longest = String(repeating: "a", count: APIKey.maximumBytes - 5)
        for good in ["apus_" + secret, "apus_-_" + secret, "apus_" + longest] {
            #expect(APIKey.isWellFormed(bytes(good)), "\(good)")
        }
        for bad in [
            "", "apus_", secret, "Apus_" + secret, "apus-" + secret, "apus_" + secret.dropLast(),
            "apus_" + secret + "=",
            "apus_" + secret + " ", "apus_" + secret + "\0", "apus_" + longest + "a",
        ] {
            #expect(!APIKey.isWellFormed(bytes(bad)), "\(bad)")
        }
    }

    @Test func matchesOnlyItsOwnCredential() {
        let key = random.withUnsafeBytes(APIKey.make)
        let stored = StoredKey(credential: bytes(key), salt: salt)
        #expect(stored.matches(bytes(key)))
        #expect(StoredKey(salt: stored.salt, hash: stored.hash)?.matches(bytes(key)) == true)
        #expect(!stored.matches(bytes(key + "A")))
        #expect(!stored.matches(bytes(String(key.dropLast()))))
        #expect(!stored.matches(bytes("")))
        for index in 5..<key.utf8.count {
            var other = Array(key.utf8)
            other[index] = other[index] == 0x61 ? 0x62 : 0x61
            #expect(!stored.matches(bytes(other)), "\(index)")
        }
    }

    @Test func theHashIsSaltedSHA256() {
        let stored = StoredKey(credential: bytes("abc"), salt: Array("0123456789abcdef".utf8))
        // printf 0123456789abcdefabc | sha256sum
        #expect(stored.hash.prefix(4) == [0xAC, 0x38, 0x97, 0xF0])
        #expect(stored.hash != StoredKey(credential: bytes("abc"), salt: salt).hash)
    }

    @Test func keptKeysHaveTheRightSizes() {
        #expect(StoredKey(salt: salt, hash: Array(repeating: 0, count: 32)) != nil)
        #expect(StoredKey(salt: salt, hash: Array(repeating: 0, count: 31)) == nil)
        #expect(StoredKey(salt: [], hash: Array(repeating: 0, count: 32)) == nil)
    }

    @Test func theIDIsTheFirstCharacters() throws {
        let key = random.withUnsafeBytes(APIKey.make)
        let id = try #require(APIKey.ID(of: bytes(key)))
        #expect(id.description == "AIQYgow4" && APIKey.ID("AIQYgow4") == id && APIKey.ID("AIQYgow5") != id)
        for none in ["", "AIQYgow", "AIQYgow4A", "AIQYgow!", "AIQYgöw"] { #expect(APIKey.ID(none) == nil) }
        #expect(APIKey.ID(of: bytes("apus_AIQYgow4")) == nil && APIKey.ID(of: bytes("AIQYgow4")) == nil)
        // What is left of the shortest key is still too much to guess: 24 characters of six bits.
        #expect((APIKey.minimumCharacters - Limits.keyIDCharacters) * 6 >= 128)
    }
}
