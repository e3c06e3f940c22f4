internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

@Suite struct WaitingBytesTests {
    @Test func whatWaitsIsBounded() {
        let waiting = WaitingBytes(bound: 100)
        #expect(waiting.add(60))
        #expect(waiting.add(40))
        #expect(!waiting.add(1))
        // What was refused is not counted.
        waiting.remove(40)
        #expect(!waiting.add(41))
        #expect(waiting.add(40))
        #expect(!waiting.add(1))
    }

    @Test func bulkMayTakeHalf() {
        let waiting = WaitingBytes(bound: 1000)
        #expect(!waiting.addBulk(251, of: .first))
        #expect(waiting.addBulk(250, of: .first))
        #expect(waiting.add(750))
        #expect(!waiting.add(1))
        waiting.remove(750)
        waiting.removeBulk(250, of: .first)
        #expect(waiting.add(1000))
    }

    /// What one tenant has waiting leaves room for others.
    @Test func noTenantTakesMoreThanIsLeft() {
        let waiting = WaitingBytes(bound: 1000)
        #expect(waiting.addBulk(250, of: .first))
        #expect(!waiting.addBulk(1, of: .first))
        #expect(waiting.addBulk(125, of: .second))
        #expect(!waiting.addBulk(1, of: .second))
        #expect(waiting.addBulk(60, of: TenantID(rawValue: 3)))
        waiting.removeBulk(250, of: .first)
        #expect(waiting.addBulk(60, of: .second))
        waiting.removeBulk(185, of: .second)
        waiting.removeBulk(60, of: TenantID(rawValue: 3))
        #expect(waiting.addBulk(250, of: TenantID(rawValue: 3)))
    }
}

@Suite struct WaitingContentsTests {
    private func drafts(_ count: Int, from first: Int = 0) -> MessageDrafts {
        MessageDrafts((first..<first + count).map { number in TestMessage { $0.body = "\(number)" } })
    }

    private func id(_ ordinal: Int) -> MessageID { MessageID(ordinal: UInt64(1 << 20 + ordinal)) }

    private func take(_ contents: inout WaitingContents, _ number: Int) -> String? {
        contents.take(id(number)) { draft, arena, _ in arena.text(draft.body) }
    }

    @Test func eachIsFoundOnceUnderItsId() {
        var contents = WaitingContents(budget: 1 << 20)
        contents.keep(drafts(10), places: 0..<10, first: id(0), batch: nil)
        contents.keep(drafts(10, from: 20), places: 3..<8, first: id(23), batch: id(5))
        for number in [0, 9, 5, 23, 27] {
            #expect(take(&contents, number) == "\(number)")
        }
        for number in [-1, 10, 22, 28] { #expect(take(&contents, number) == nil) }
        #expect(contents.take(id(24)) { $2 } == id(5))
    }

    @Test func forgottenAndTakenOnesFreeTheirMemory() {
        var contents = WaitingContents(budget: 1 << 20)
        let batch = drafts(1000)
        for slice in 0..<10 {
            contents.keep(batch, places: slice * 100..<slice * 100 + 100, first: id(slice * 100), batch: nil)
        }
        // The burst's memory counts once, not by the slice.
        #expect(contents.size <= 1000 * (MemoryLayout<MessageDraft>.stride + 64))
        for number in 0..<1000 {
            if number % 3 == 0 { contents.forget(id(number)) } else { #expect(take(&contents, number) == "\(number)") }
        }
        #expect(contents.size == 0)
        #expect(contents.placeCount == 0)
    }

    @Test func theBudgetIsKept() {
        var contents = WaitingContents(budget: 10_000)
        var kept = 0
        for number in 0..<200 {
            let before = contents.size
            contents.keep(drafts(1, from: number), places: 0..<1, first: id(number), batch: nil)
            if contents.size > before { kept += 1 }
            #expect(contents.size <= 10_000)
        }
        #expect(kept > 10)
        #expect(kept < 200)
        for number in 0..<200 { #expect((take(&contents, number) != nil) == (number < kept)) }
        #expect(contents.size == 0)
    }

    @Test func oneThatWaitsForLongDoesNotKeepThePlacesOfTheRest() {
        var contents = WaitingContents(budget: 1 << 20)
        contents.keep(drafts(1), places: 0..<1, first: id(0), batch: nil)
        for number in 1..<10_000 {
            contents.keep(drafts(1, from: number), places: 0..<1, first: id(number), batch: nil)
            #expect(take(&contents, number) == "\(number)")
            if contents.placeCount > 200 {
                Issue.record("\(contents.placeCount) places for one message")
                return
            }
        }
        #expect(take(&contents, 0) == "0")
        #expect(contents.placeCount == 0)
    }

    /// Ids of two nodes may be of the same time and sequence: the text of one must not go to the other's recipient.
    @Test func aMessageOfAnotherNodeIsNotFound() {
        func id(_ ordinal: UInt64, node: UInt64) -> MessageID { MessageID(ordinal: 1 << 20 + ordinal, node: node) }
        var contents = WaitingContents(budget: 1 << 20)
        contents.keep(drafts(3), places: 0..<3, first: id(0, node: 0), batch: nil)
        contents.keep(drafts(3, from: 10), places: 0..<3, first: id(3, node: 1), batch: nil)
        for ordinal in UInt64(0)..<6 {
            #expect(contents.take(id(ordinal, node: 1)) { draft, _, _ in draft } == nil)
            contents.forget(id(ordinal, node: 1))
        }
        #expect(contents.take(id(1, node: 0)) { draft, arena, _ in arena.text(draft.body) } == "1")
    }

    @Test func randomOrderAgreesWithADictionary() {
        var generator = SeededGenerator(seed: 4)
        var contents = WaitingContents(budget: 1 << 24)
        var model: [Int: String] = [:]
        var next = 0
        for _ in 0..<3000 {
            if generator.oneIn(3) {
                next += Int.random(in: 0...3, using: &generator)
                let count = Int.random(in: 1...9, using: &generator)
                contents.keep(drafts(count, from: next), places: 0..<count, first: id(next), batch: nil)
                for number in next..<next + count { model[number] = "\(number)" }
                next += count
            } else if let number = model.keys.sorted().randomElement(using: &generator) {
                if generator.oneIn(2) {
                    contents.forget(id(number))
                } else if take(&contents, number) != model[number] {
                    Issue.record("message \(number)")
                }
                model[number] = nil
            }
        }
        for number in model.keys.sorted() { #expect(take(&contents, number) == model[number]) }
        #expect(contents.size == 0)
    }
}
