import Access
import GatewayTestKit
import SMSModel
import Testing

@Suite struct CredentialCacheTests {
    private let bytes = Bytes()

    @Test func onlyTheSameCredentialIsFound() {
        var cache = CredentialCache<Int>()
        #expect(cache.holder(of: bytes("apus_one")) == nil)
        cache.insert(1, of: bytes("apus_one"))
        cache.insert(2, of: bytes("apus_two"))
        #expect(cache.holder(of: bytes("apus_one")) == 1 && cache.holder(of: bytes("apus_two")) == 2)
        #expect(cache.holder(of: bytes("apus_on")) == nil && cache.holder(of: bytes("apus_onE")) == nil)
        cache.insert(3, of: bytes("apus_one"))
        cache.remove(bytes("apus_two"))
        #expect(cache.holder(of: bytes("apus_one")) == 3 && cache.holder(of: bytes("apus_two")) == nil)
    }

    @Test func whatIsUsedStaysAndTheRestIsBounded() {
        var cache = CredentialCache<Int>(capacity: 10)
        for number in 0..<1000 {
            cache.insert(number, of: bytes("key \(number)"))
            #expect(cache.holder(of: bytes("key 0")) == 0)
        }
        let kept = (0..<1000).count { cache.holder(of: bytes("key \($0)")) != nil }
        #expect((5...10).contains(kept))
    }
}
