internal import NIOCore

/// How much is read at once from a connection: little at first, so that idle connections cost little, and
/// more as soon as reads fill their buffer.
struct ReadBufferSize: RecvByteBufferAllocator {
    static let smallest = 4 * 1024
    static let largest = 64 * 1024

    private(set) var size = Self.smallest

    /// - Returns: whether the next buffer is larger.
    mutating func record(actualReadBytes: Int) -> Bool {
        guard actualReadBytes >= size, size < Self.largest else { return false }
        size = min(size * 4, Self.largest)
        return true
    }

    func nextBufferSize() -> Int? { size }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: size) }
}
