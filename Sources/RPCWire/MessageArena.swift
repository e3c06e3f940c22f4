internal import CApusProto
internal import SMSModel

/// Memory for protobuf-c's structs: taken in a row, given back all at once.
///
/// It keeps one chunk and adds others as they are needed, up to its limit; past that, decoding fails
/// rather than grow. Not thread-safe: it belongs to one event loop.
package final class MessageArena {
    /// The first chunk, which is kept.
    package static let firstChunkBytes = 32 * 1024
    private static let alignment = 16

    /// What protobuf-c's callbacks reach through `allocator_data`.
    struct State {
        var cursor: UnsafeMutableRawPointer?
        var end: UnsafeMutableRawPointer?
        /// Bytes of all chunks.
        var taken = 0
        var limit: Int
        var exhausted = false
        /// The newest chunk; each starts with the address of the one before it.
        var chunk: UnsafeMutableRawPointer?
        var slabs = RecycledSlabs()
    }

    private let state: UnsafeMutablePointer<State>
    /// Handed to protobuf-c's unpack functions.
    let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    package init(limit: Int = Limits.decodeArenaBytes) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(limit: limit))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { data, size in
                    MessageArena.take(size, from: data!.assumingMemoryBound(to: State.self))
                },
                free: { data, block in
                    guard let block else { return }
                    data!.assumingMemoryBound(to: State.self).pointee.slabs.giveBack(block)
                },
                allocator_data: state))
    }

    deinit {
        while let chunk = state.pointee.chunk { drop(chunk) }
        state.pointee.slabs.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
        allocator.deallocate()
    }

    /// A decode failed because the limit was met, since the last ``reset()``.
    package var isExhausted: Bool { state.pointee.exhausted }

    /// Bytes of memory held.
    package var heldBytes: Int { state.pointee.taken }

    /// Gives everything back: all that was decoded into the arena dangles from here on.
    @inline(__always)
    package func reset() {
        guard let chunk = state.pointee.chunk else { return }
        state.pointee.slabs.reset()
        if state.pointee.taken > Self.firstChunkBytes || state.pointee.exhausted {
            shrink()
        } else {
            state.pointee.cursor = chunk + Self.alignment
        }
    }

    /// Memory for `count` values, aligned to 16 bytes, uninitialised. Only for arenas without a limit.
    func allocate<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
        guard let memory = Self.take(count * MemoryLayout<T>.stride, from: state) else {
            preconditionFailure("an arena with a limit is only for decoding")
        }
        return memory.bindMemory(to: type, capacity: count)
    }

    private static func take(_ size: Int, from state: UnsafeMutablePointer<State>) -> UnsafeMutableRawPointer? {
        // A size_t beyond Int.max arrives as a negative number.
        guard size >= 0, size <= Int.max - alignment else {
            state.pointee.exhausted = true
            return nil
        }
        let rounded = (max(size, 1) + alignment - 1) & ~(alignment - 1)
        guard !RecycledSlabs.fits(rounded) else { return takeSlab(rounded, from: state) }
        return takeNew(rounded, from: state)
    }

    private static func takeSlab(_ size: Int, from state: UnsafeMutablePointer<State>) -> UnsafeMutableRawPointer? {
        guard let block = state.pointee.slabs.take(size) ?? takeNew(size, from: state) else { return nil }
        state.pointee.slabs.remember(block, size: size)
        return block
    }

    @inline(__always)
    private static func takeNew(_ rounded: Int, from state: UnsafeMutablePointer<State>) -> UnsafeMutableRawPointer? {
        if let cursor = state.pointee.cursor, let end = state.pointee.end, end - cursor >= rounded {
            state.pointee.cursor = cursor + rounded
            return cursor
        }
        return takeChunk(rounded, from: state)
    }

    private static func takeChunk(
        _ size: Int, from state: UnsafeMutablePointer<State>
    ) -> UnsafeMutableRawPointer? {
        let limit = state.pointee.limit
        let taken = state.pointee.taken
        guard size <= limit - taken - alignment else {
            state.pointee.exhausted = true
            return nil
        }
        // Chunks double, so a large message takes few; the last one is what the limit leaves.
        let wanted = max(size + alignment, taken == 0 ? firstChunkBytes : taken)
        let bytes = min(wanted, limit - taken)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
        chunk.storeBytes(of: state.pointee.chunk, as: UnsafeMutableRawPointer?.self)
        state.pointee.chunk = chunk
        state.pointee.taken += bytes
        state.pointee.end = chunk + bytes
        state.pointee.cursor = chunk + alignment + size
        return chunk + alignment
    }

    private func shrink() {
        while let chunk = state.pointee.chunk { drop(chunk) }
        state.pointee.taken = 0
        state.pointee.cursor = nil
        state.pointee.end = nil
        state.pointee.exhausted = false
    }

    private func drop(_ chunk: UnsafeMutableRawPointer) {
        state.pointee.chunk = chunk.load(as: UnsafeMutableRawPointer?.self)
        chunk.deallocate()
    }
}
