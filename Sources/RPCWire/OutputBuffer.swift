package import SMSModel

/// A growing run of bytes to send: frames are encoded at its end, in place. Reused from burst to burst.
///
/// Not thread-safe: it belongs to one event loop.
package final class OutputBuffer {
    // Unchecked exclusivity: nothing that these are passed to calls back, and the checks cost as much as the encoding.
    @exclusivity(unchecked) private var base: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) package private(set) var count = 0
    /// Where messages are laid out before they are packed.
    let scratch = MessageArena(limit: .max)

    package init(capacity: Int = 4096) {
        self.capacity = max(capacity, 64)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    package var isEmpty: Bool { count == 0 }

    /// Valid until the next call that adds or removes bytes.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Room for `size` more bytes at the end; ``advance(by:)`` then says how many were written.
    @inline(__always)
    package func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if capacity - count < size { grow(by: size) }
        return base + count
    }

    @inline(__always)
    package func advance(by size: Int) {
        count += size
        assert(count <= capacity)
    }

    package func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress, source.count > 0 else { return }
        reserve(source.count).copyMemory(from: start, byteCount: source.count)
        advance(by: source.count)
    }

    /// Drops everything from `length` on.
    package func truncate(to length: Int) {
        precondition(length <= count)
        count = length
    }

    /// Drops the first `size` bytes.
    package func removeFirst(_ size: Int) {
        precondition(size <= count)
        base.copyMemory(from: base + size, byteCount: count - size)
        count -= size
    }

    /// Empties the buffer, and gives memory beyond `keeping` bytes back.
    package func reset(keeping: Int = 64 * 1024) {
        count = 0
        scratch.reset()
        guard capacity > keeping else { return }
        base.deallocate()
        capacity = keeping
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    private func grow(by size: Int) {
        let larger = max(capacity * 2, count + size)
        let target = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        target.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = target
        capacity = larger
    }
}

// MARK: Frames

extension OutputBuffer {
    /// Leaves room for a header; metadata and payload are then appended, and
    /// ``endFrame(at:type:callID:code:metadataLength:)`` fills it in.
    ///
    /// - Returns: the frame's start.
    @inline(__always)
    package func beginFrame() -> Int {
        let start = count
        _ = reserve(FrameHeader.bytes)
        advance(by: FrameHeader.bytes)
        return start
    }

    @inline(__always)
    package func endFrame(
        at start: Int, type: FrameType, callID: UInt32 = 0, code: UInt16 = 0, metadataLength: Int = 0
    ) {
        let length = count - start - FrameHeader.bytes
        FrameHeader(type: type, length: length, metadataLength: metadataLength, callID: callID, code: code)
            .write(to: base + start)
    }

    /// A frame without metadata: CANCEL, PING, PONG.
    package func appendFrame(_ type: FrameType, callID: UInt32 = 0, payload: UnsafeRawBufferPointer? = nil) {
        let start = beginFrame()
        if let payload { append(payload) }
        endFrame(at: start, type: type, callID: callID)
    }

    package func appendHello(_ hello: some WireMessage) {
        let start = beginFrame()
        hello.encode(into: self)
        endFrame(at: start, type: .hello, code: FrameHeader.magic)
    }

    package func appendGoAway(_ goAway: GoAway) {
        let start = beginFrame()
        goAway.encode(into: self)
        endFrame(at: start, type: .goAway)
    }

    package func appendCredit(callID: UInt32, count credit: UInt32) {
        let start = beginFrame()
        Credit(count: credit).encode(into: self)
        endFrame(at: start, type: .credit, callID: callID)
    }

    /// A REQUEST; the metadata's and the message's bytes are copied at once.
    package func appendRequest(
        callID: UInt32, method: RPCMethod, metadata: RequestMetadata = RequestMetadata(), message: some WireMessage
    ) {
        let start = beginFrame()
        metadata.encode(into: self)
        let metadataLength = count - start - FrameHeader.bytes
        message.encode(into: self)
        endFrame(
            at: start, type: .request, callID: callID, code: method.rawValue, metadataLength: metadataLength)
    }

    /// A RESPONSE with status OK, shortened until it obeys `maximumLength`.
    ///
    /// A message that can't be shortened enough is answered with RESOURCE_EXHAUSTED instead.
    package func appendResponse(callID: UInt32, message: some WireMessage, maximumLength: Int) {
        let start = beginFrame()
        var shortened = message
        while true {
            shortened.encode(into: self)
            if count - start - FrameHeader.bytes <= maximumLength { break }
            truncate(to: start + FrameHeader.bytes)
            guard let shorter = shortened.shortened() else {
                truncate(to: start)
                appendError(
                    callID: callID,
                    GatewayError(
                        .resourceExhausted,
                        "the answer is larger than the \(maximumLength) bytes of a frame: ask for less"))
                return
            }
            shortened = shorter
        }
        endFrame(at: start, type: .response, callID: callID)
    }

    /// A RESPONSE with a status other than OK; its details are shortened to fit the metadata.
    package func appendError(callID: UInt32, _ error: GatewayError) {
        let start = beginFrame()
        var shortened = error
        while true {
            shortened.encodeMetadata(into: self)
            if count - start - FrameHeader.bytes <= Limits.metadataBytes { break }
            truncate(to: start + FrameHeader.bytes)
            shortened = shortened.shortenedMetadata()
        }
        endFrame(
            at: start, type: .response, callID: callID, code: error.code.rawValue,
            metadataLength: count - start - FrameHeader.bytes)
    }
}
