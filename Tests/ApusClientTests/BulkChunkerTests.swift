import RPCWire
import SMSModel
import Testing

@testable import ApusClient

@Suite struct BulkChunkerTests {
    private struct Item: BulkItem {
        var chunkBytes: Int
        var variableCount = 0
    }

    private func chunks(_ sizes: [Int], bytes: Int, items: Int) -> [[Int]] {
        var chunker = BulkChunker<Item>(maximumBytes: bytes, maximumItems: items)
        var chunks: [[Int]] = []
        for (index, size) in sizes.enumerated() {
            if case .send(let chunk) = chunker.add(Item(chunkBytes: size), at: UInt64(index)) {
                chunks.append(chunk.items.map(\.chunkBytes))
            }
        }
        if let chunk = chunker.finish() { chunks.append(chunk.items.map(\.chunkBytes)) }
        return chunks
    }

    @Test func cutsByCount() {
        #expect(chunks([1, 1, 1, 1], bytes: 100, items: 2) == [[1, 1], [1, 1]])
        #expect(chunks([1, 1, 1], bytes: 100, items: 2) == [[1, 1], [1]])
        #expect(chunks([], bytes: 100, items: 2) == [])
    }

    @Test func cutsByBytesAtTheVeryEdge() {
        #expect(chunks([50, 50, 1], bytes: 100, items: 10) == [[50, 50], [1]])
        #expect(chunks([50, 51], bytes: 100, items: 10) == [[50], [51]])
        #expect(chunks([100, 100], bytes: 100, items: 10) == [[100], [100]])
    }

    @Test func cutsByVariablesAtTheVeryEdge() {
        var chunker = BulkChunker<Item>(maximumBytes: 100, maximumItems: 10)
        let half = Item(chunkBytes: 1, variableCount: Limits.bulkVariables / 2)
        var counts: [Int] = []
        for (index, item) in [half, half, Item(chunkBytes: 1, variableCount: 1)].enumerated() {
            if case .send(let chunk) = chunker.add(item, at: UInt64(index)) { counts.append(chunk.items.count) }
        }
        #expect(counts == [2])
        #expect(chunker.finish()?.items.count == 1)
        guard case .refuse = chunker.add(Item(chunkBytes: 1, variableCount: Limits.bulkVariables + 1), at: 3) else {
            Issue.record("an item with too many variables was taken")
            return
        }
    }

    @Test func refusesWhatNoChunkHolds() {
        var chunker = BulkChunker<Item>(maximumBytes: 100, maximumItems: 10)
        guard case .refuse = chunker.add(Item(chunkBytes: 101), at: 0) else {
            Issue.record("an item of 101 bytes was taken")
            return
        }
        let none = chunker.finish()
        #expect(none?.firstIndex == nil)
        guard case .nothing = chunker.add(Item(chunkBytes: 100), at: 1) else {
            Issue.record("an item of 100 bytes was not taken")
            return
        }
        let rest = chunker.finish()
        #expect(rest?.firstIndex == 1)
    }

    @Test func aGapEndsAChunk() throws {
        var chunker = BulkChunker<Item>(maximumBytes: 100, maximumItems: 10)
        _ = chunker.add(Item(chunkBytes: 1), at: 0)
        _ = chunker.add(Item(chunkBytes: 1), at: 1)
        guard case .send(let first) = chunker.add(Item(chunkBytes: 1), at: 3) else {
            Issue.record("index 3 was put behind 1")
            return
        }
        #expect(first.firstIndex == 0 && first.items.count == 2)
        let rest = chunker.finish()
        let second = try #require(rest)
        #expect(second.firstIndex == 3 && second.items.count == 1)
    }

    // MARK: Sizes are those that the codec writes

    private func encodedBytes(_ message: some WireMessage) -> Int {
        let output = OutputBuffer()
        message.encode(into: output)
        return output.count
    }

    private static let messages: [SendRequest] = {
        var messages = [SendRequest(), SendRequest(to: "+1", sender: "Apus", body: "é👋", priority: .bulk)]
        for length in [1, 126, 127, 128, 16_383, 16_384] {
            var message = SendRequest(to: "+14155550100", body: String(repeating: "x", count: length))
            message.sendAt = 1 << Int64(length % 50)
            message.validity = UInt64(length)
            message.reference = "r"
            message.tags = ["", String(repeating: "t", count: 64)]
            message.maxSegments = 200
            message.onUnknown = .resend
            messages.append(message)
        }
        return messages
    }()

    @Test(arguments: messages.indices)
    func reckonsAMessage(_ index: Int) {
        let message = Self.messages[index]
        #expect(message.encodedBytes == encodedBytes(message))
        let none = BulkRequest(batch: "b", firstIndex: 1, content: .messages([]))
        let two = BulkRequest(batch: "b", firstIndex: 1, content: .messages([message, message]))
        #expect(encodedBytes(two) - encodedBytes(none) == 2 * message.chunkBytes)
    }

    @Test(arguments: [0, 1, 10, 300])
    func reckonsARecipient(_ length: Int) {
        let recipient = BulkRequest.Recipient(
            to: "+14155550100",
            variables: [
                .init(name: "name", value: String(repeating: "v", count: length)), .init(name: "", value: ""),
            ])
        let template = SendRequest(body: "{{name}}")
        let none = BulkRequest(batch: "b", firstIndex: 1, content: .template(template, []))
        // Enough for the template's own length to keep its number of bytes.
        let few = BulkRequest(batch: "b", firstIndex: 1, content: .template(template, [recipient]))
        let difference = encodedBytes(few) - encodedBytes(none)
        #expect(difference - recipient.chunkBytes <= 2 && difference >= recipient.chunkBytes)
    }

    @Test func theOverheadIsEnough() {
        let template = SendRequest(sender: "Apus", body: String(repeating: "b", count: 1600))
        for content in [BulkRequest.Content.messages([]), .template(template, [])] {
            let request = BulkRequest(
                batch: String(repeating: "n", count: 64), firstIndex: Limits.batchIndex, content: content)
            var metadata = RequestMetadata()
            metadata.timeoutMilliseconds = .max
            metadata.attempt = .max
            let output = OutputBuffer()
            metadata.encode(into: output)
            request.encode(into: output)
            let used: SendRequest? = if case .template(let message, _) = content { message } else { nil }
            #expect(output.count <= BulkRequest.overheadBytes(batch: request.batch, template: used))
        }
    }
}
