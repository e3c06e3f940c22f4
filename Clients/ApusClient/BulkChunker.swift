internal import RPCWire
internal import SMSModel

/// What a chunk of a batch is made of.
protocol BulkItem: Sendable {
    /// Bytes of the item as a field of its chunk, its tag and length included.
    var chunkBytes: Int { get }
    /// Variables of a template's recipient.
    var variableCount: Int { get }
}

/// Consecutive items of a batch, for one call.
struct BulkChunk<Item: BulkItem>: Sendable {
    var firstIndex: UInt64
    var items: [Item]
}

/// Cuts a run of items into chunks: by bytes first, then by counts of items and variables. A gap between indices ends a chunk too.
struct BulkChunker<Item: BulkItem> {
    private let maximumBytes: Int
    private let maximumItems: Int
    private var firstIndex: UInt64 = 0
    private var items: [Item] = []
    private var bytes = 0
    private var variables = 0

    /// - Parameters:
    ///   - maximumBytes: what all items of a chunk may take together.
    ///   - maximumItems: from 1.
    init(maximumBytes: Int, maximumItems: Int) {
        self.maximumBytes = maximumBytes
        self.maximumItems = maximumItems
    }

    enum Action {
        case nothing
        case send(BulkChunk<Item>)
        /// The item alone is larger than a chunk may be; it was not taken.
        case refuse
    }

    /// - Parameter index: higher than that of every item before.
    mutating func add(_ item: Item, at index: UInt64) -> Action {
        let size = item.chunkBytes
        guard size <= maximumBytes, item.variableCount <= Limits.bulkVariables else { return .refuse }
        let follows = index == firstIndex + UInt64(items.count)
        let isFull =
            bytes + size > maximumBytes || items.count == maximumItems
            || variables + item.variableCount > Limits.bulkVariables
        let full = !items.isEmpty && (!follows || isFull) ? take() : nil
        if items.isEmpty { firstIndex = index }
        items.append(item)
        bytes += size
        variables += item.variableCount
        return full.map(Action.send) ?? .nothing
    }

    /// The rest; nil if there is none.
    mutating func finish() -> BulkChunk<Item>? {
        items.isEmpty ? nil : take()
    }

    private mutating func take() -> BulkChunk<Item> {
        let chunk = BulkChunk(firstIndex: firstIndex, items: items)
        items = []
        items.reserveCapacity(chunk.items.count)
        bytes = 0
        variables = 0
        return chunk
    }
}

extension BulkRequest {
    /// What a chunk's frame holds besides its items, at most: metadata, the batch's name and first index, and the
    /// template's message.
    static func overheadBytes(batch: String, template: SendRequest?) -> Int {
        let metadata = 64
        let index = 1 + 10
        // The template is a message of its own, whose tag and length come on top.
        let template = template.map { WireSize.message($0.encodedBytes) + 1 + 5 } ?? 0
        return metadata + WireSize.text(batch) + index + template
    }
}

extension SendRequest: BulkItem {
    var chunkBytes: Int { WireSize.message(encodedBytes) }
    var variableCount: Int { 0 }

    /// Bytes of the encoded message.
    var encodedBytes: Int {
        var size = WireSize.text(to) + WireSize.text(sender) + WireSize.text(body) + WireSize.text(reference)
        size += WireSize.number(UInt64(priority?.rawValue ?? 0)) + WireSize.number(UInt64(onUnknown?.rawValue ?? 0))
        size += WireSize.number(UInt64(bitPattern: sendAt)) + WireSize.number(validity)
        size += WireSize.number(UInt64(maxSegments)) + WireSize.number(UInt64(smartEncoding?.rawValue ?? 0))
        // A repeated field tells its empty texts too.
        for tag in tags { size += WireSize.message(tag.utf8.count) }
        return size
    }
}

extension BulkRequest.Recipient: BulkItem {
    var variableCount: Int { variables.count }

    var chunkBytes: Int {
        var size = WireSize.text(to)
        for variable in variables {
            size += WireSize.message(WireSize.text(variable.name) + WireSize.text(variable.value))
        }
        return WireSize.message(size)
    }
}

/// Sizes of protobuf's fields whose numbers are below 16: their tag takes one byte.
private enum WireSize {
    static func varint(_ value: UInt64) -> Int {
        (UInt64.bitWidth - (value | 1).leadingZeroBitCount + 6) / 7
    }

    /// A number field; 0 isn't written.
    static func number(_ value: UInt64) -> Int {
        value == 0 ? 0 : 1 + varint(value)
    }

    /// A text field; an empty one isn't written.
    static func text(_ text: String) -> Int {
        text.isEmpty ? 0 : message(text.utf8.count)
    }

    /// A message field of this many bytes.
    static func message(_ size: Int) -> Int {
        1 + varint(UInt64(size)) + size
    }
}
