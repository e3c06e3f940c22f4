internal import NIOCore

extension ByteBuffer {
    /// Has `handle` use the whole frames at the start, and gives what is left after them; nil if nothing is.
    ///
    /// - Parameters:
    ///   - handle: returns how many bytes it used.
    ///   - isOurs: false = the channel's own buffer, which it uses again once it is let go.
    mutating func rest(after handle: (UnsafeRawBufferPointer) -> Int, isOurs: Bool) -> ByteBuffer? {
        let used = withUnsafeReadableBytes(handle)
        guard used < readableBytes else { return nil }
        moveReaderIndex(forwardBy: used)
        // A frame that grows by many reads isn't copied for each of them.
        return isOurs && used == 0 ? self : ByteBuffer(bytes: readableBytesView)
    }
}
