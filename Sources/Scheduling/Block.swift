internal import SMSModel

/// A block of up to 40 waiting messages, 12 bytes each: 504 bytes, which malloc keeps in 512.
///
/// A borrowed pointer, not an owner: ``BlockPool`` makes and frees blocks.
struct Block: Equatable {
    static let capacity = 40
    private static let entriesOffset = 24
    /// An id and then its expiry, unaligned, so that an entry lies in one cache line or two.
    private static let entryBytes = 12
    private static let byteCount = entriesOffset + capacity * entryBytes

    private struct Links {
        var next: UnsafeMutableRawPointer?
        var previous: UnsafeMutableRawPointer?
        var start: UInt16
        var end: UInt16
    }

    private let base: UnsafeMutableRawPointer

    private init(base: UnsafeMutableRawPointer) { self.base = base }

    /// An empty block.
    static func allocate() -> Block {
        let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 8)
        let block = Block(base: base)
        block.clear()
        return block
    }

    func deallocate() { base.deallocate() }

    /// Makes a block empty and unlinked.
    func clear() {
        base.initializeMemory(as: Links.self, to: Links(next: nil, previous: nil, start: 0, end: 0))
    }

    private var links: UnsafeMutablePointer<Links> { base.assumingMemoryBound(to: Links.self) }
    private func offset(_ index: Int) -> Int { Self.entriesOffset + index * Self.entryBytes }

    var next: Block? {
        get { links.pointee.next.map(Block.init(base:)) }
        nonmutating set { links.pointee.next = newValue?.base }
    }
    var previous: Block? {
        get { links.pointee.previous.map(Block.init(base:)) }
        nonmutating set { links.pointee.previous = newValue?.base }
    }
    /// Place of the first entry.
    var start: Int {
        get { Int(links.pointee.start) }
        nonmutating set { links.pointee.start = UInt16(newValue) }
    }
    /// Place after the last entry.
    var end: Int {
        get { Int(links.pointee.end) }
        nonmutating set { links.pointee.end = UInt16(newValue) }
    }
    var count: Int { end - start }

    func id(at index: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset(index), as: UInt64.self)
    }

    private func expiry(at index: Int) -> UInt32 {
        base.loadUnaligned(fromByteOffset: offset(index) + 8, as: UInt32.self)
    }

    func message(at index: Int) -> QueuedMessage {
        let id = MessageID(rawValue: id(at: index))
        return QueuedMessage(id: id, expiresAt: CompactExpiry.decode(expiry(at: index), id: id))
    }

    private func set(_ index: Int, id: UInt64, expiry: UInt32) {
        base.storeBytes(of: id, toByteOffset: offset(index), as: UInt64.self)
        base.storeBytes(of: expiry, toByteOffset: offset(index) + 8, as: UInt32.self)
    }

    func append(_ id: UInt64, expiry: UInt32) {
        let end = end
        set(end, id: id, expiry: expiry)
        self.end = end + 1
    }

    func move(from source: Int, to target: Int) {
        set(target, id: id(at: source), expiry: expiry(at: source))
    }

    /// Appends all entries of `other`, for which there must be room.
    func append(all other: Block) {
        for index in other.start..<other.end { append(other.id(at: index), expiry: other.expiry(at: index)) }
    }
}

/// An expiry in 32 bits, exact: milliseconds relative to the time in the message's own id.
///
/// It reaches from 7 days before that time (ids run ahead of a clock that was set back) to 42.7 days after
/// it, which covers the longest delay and the longest validity together.
enum CompactExpiry {
    static let millisecondsBefore: Int64 = 7 * 24 * 3_600_000

    /// Nil where it does not fit.
    static func encode(_ message: QueuedMessage) -> UInt32? {
        let (distance, overflow) = message.expiresAt.subtractingReportingOverflow(
            Int64(message.id.milliseconds) - millisecondsBefore)
        return overflow ? nil : UInt32(exactly: distance)
    }

    static func decode(_ expiry: UInt32, id: MessageID) -> Int64 {
        Int64(id.milliseconds) - millisecondsBefore + Int64(expiry)
    }
}

/// Makes blocks and keeps a bounded number of free ones.
struct BlockPool: ~Copyable {
    /// 128 KiB of free blocks; more go back to the allocator.
    static let freeBound = 256

    private var free: [Block] = []
    /// The block that a walk over a ring examines next. It moves on by itself when that block is released,
    /// so a walk may pause while messages come and go.
    var walker: Block?

    init() {}

    var freeCount: Int { free.count }

    deinit {
        for block in free { block.deallocate() }
    }

    mutating func take() -> Block {
        free.popLast() ?? Block.allocate()
    }

    /// Takes a block back; its own links must still be those of its ring.
    mutating func release(_ block: Block) {
        if block == walker { walker = block.next }
        if free.count < Self.freeBound {
            block.clear()
            free.append(block)
        } else {
            block.deallocate()
        }
    }
}
