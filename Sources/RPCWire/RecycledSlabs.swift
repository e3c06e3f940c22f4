/// The blocks that protobuf-c gives back while it decodes, for the next message of the same payload.
///
/// Before protobuf-c lays a message out it gathers the fields, beyond the first 16, in slabs of 1 KiB, 2 KiB and so on, and
/// frees them right after. Without this, each item of a chunk with more than 16 fields would hold a slab for good.
///
/// A block is known by its size, a power of two from ``smallest``. The newest ones that are in use are remembered, so that
/// an address that comes back has its size; a block that is forgotten stays taken until the arena is reset.
struct RecycledSlabs {
    static let smallest = 1024
    private static let remembered = 64
    private static let sizes = 24

    private struct Slab {
        var address: UnsafeMutableRawPointer?
        var size = 0
    }

    /// Blocks in use; the newest is before ``next``, which wraps around.
    private let inUse: UnsafeMutablePointer<Slab>
    private var next = 0
    /// Keyed by size, a list of free blocks: each starts with the address of the next one.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var isUsed = false

    init() {
        inUse = .allocate(capacity: Self.remembered)
        inUse.initialize(repeating: Slab(), count: Self.remembered)
        free = .allocate(capacity: Self.sizes)
        free.initialize(repeating: nil, count: Self.sizes)
    }

    /// Frees the tables. Nothing may be called after it.
    func deallocate() {
        inUse.deallocate()
        free.deallocate()
    }

    static func fits(_ size: Int) -> Bool {
        size >= smallest && size & (size - 1) == 0 && size < smallest << sizes
    }

    /// - Returns: a block of that size that came back; nil if there is none.
    mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
        let index = Self.index(of: size)
        guard let block = free[index] else { return nil }
        free[index] = block.load(as: UnsafeMutableRawPointer?.self)
        return block
    }

    mutating func remember(_ block: UnsafeMutableRawPointer, size: Int) {
        isUsed = true
        inUse[next % Self.remembered] = Slab(address: block, size: size)
        next += 1
    }

    /// Takes a block back, if it is remembered.
    mutating func giveBack(_ block: UnsafeMutableRawPointer) {
        guard isUsed else { return }
        for back in 1...Self.remembered where back <= next {
            let place = (next - back) % Self.remembered
            guard inUse[place].address == block else { continue }
            let index = Self.index(of: inUse[place].size)
            inUse[place].address = nil
            block.storeBytes(of: free[index], as: UnsafeMutableRawPointer?.self)
            free[index] = block
            return
        }
    }

    /// Forgets all blocks: their memory is the arena's again.
    @inline(__always)
    mutating func reset() {
        if isUsed { forget() }
    }

    private mutating func forget() {
        isUsed = false
        next = 0
        inUse.update(repeating: Slab(), count: Self.remembered)
        free.update(repeating: nil, count: Self.sizes)
    }

    private static func index(of size: Int) -> Int {
        size.trailingZeroBitCount - smallest.trailingZeroBitCount
    }
}
