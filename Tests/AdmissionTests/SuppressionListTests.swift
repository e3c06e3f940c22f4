import Admission
import GatewayTestKit
import SMSModel
import Testing

@Suite struct SuppressionListTests {
    private let list = SuppressionList()
    private let bytes = Bytes()
    private let first = TenantID(rawValue: 1)
    private let second = TenantID(rawValue: 2)

    @Test func eachTenantHasItsOwn() {
        list.add([447400123456], of: first)
        #expect(list.contains(bytes("+447400123456"), of: first))
        #expect(!list.contains(bytes("+447400123457"), of: first))
        #expect(!list.contains(bytes("+447400123456"), of: second))
        // Tenants whose ids are alike share a hint, and nothing else.
        #expect(!list.contains(bytes("+447400123456"), of: TenantID(rawValue: 65)))
        list.remove([447400123456], of: second)
        #expect(list.contains(bytes("+447400123456"), of: first))
        list.remove([447400123456], of: first)
        #expect(!list.contains(bytes("+447400123456"), of: first))
        #expect(list.count(of: first) == 0)
    }

    @Test func allMayBeReplaced() {
        list.add([1, 2], of: first)
        list.replace(with: [(second, 7), (first, 5), (first, 3), (first, 5)])
        #expect([1, 2, 3, 4, 5, 6].filter { list.contains($0, of: first) } == [3, 5])
        #expect(list.contains(7, of: second))
        #expect(list.count(of: first) == 2)
        list.replace(with: [])
        #expect(!list.contains(7, of: second))
    }

    /// Against a set, over random changes.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func isASet(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var model: Set<UInt64> = []
        for _ in 0..<200 {
            let numbers = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                UInt64.random(in: 1...60, using: &random)
            }
            if Bool.random(using: &random) {
                list.add(numbers, of: first)
                model.formUnion(numbers)
            } else {
                list.remove(numbers, of: first)
                model.subtract(numbers)
            }
            #expect(list.count(of: first) == model.count)
            #expect((0...61).filter { list.contains($0, of: first) } == model.sorted())
        }
    }

    @Test func aRecipientWhoHasOptedOutIsRefused() {
        list.add([447400123456], of: first)
        var batch = MessageDrafts()
        let validator = SubmitValidator()
        let found = validator.validate(
            bytes.request(), tenant: first, now: 0, suppressions: list, into: &batch)
        #expect(found.map(\.field) == ["to"])
        #expect(found[0].description.contains("has opted out"))
        #expect(batch.drafts.isEmpty)
        let other = validator.validate(
            bytes.request(), tenant: second, now: 0, suppressions: list, into: &batch)
        #expect(other.isEmpty)
    }

    @Test func numbersAsIntegers() throws {
        #expect(try PhoneNumber.digits(of: "+447400123456") == 447_400_123_456)
        #expect(PhoneNumber.digits(of: bytes("+491512345678901")) == 491_512_345_678_901)
        #expect(PhoneNumber.text(447_400_123_456) == "+447400123456")
        #expect(throws: PhoneNumberProblem.missingPlus) { try PhoneNumber.digits(of: "447400123456") }
    }
}
