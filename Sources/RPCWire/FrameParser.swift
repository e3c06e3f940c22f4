internal import SMSModel

/// One whole frame, borrowed from the buffer it was parsed in.
package struct Frame {
    package let header: FrameHeader
    /// nil = of a type that is to be skipped.
    package let type: FrameType?
    package let metadata: UnsafeRawBufferPointer
    package let payload: UnsafeRawBufferPointer
    /// All of it.
    package let bytes: UnsafeRawBufferPointer

    /// Header, metadata and payload.
    @inline(__always)
    package var size: Int { FrameHeader.bytes + Int(header.length) }
}

/// Cuts a stream of bytes into frames. Sans IO: it holds no bytes, only the bound on a frame's length.
package struct FrameParser: Sendable {
    /// The most that ``FrameHeader/length`` may say: ``Limits/helloBytes`` until the HELLO came, then what was
    /// negotiated.
    package var maximumLength: Int

    package init(maximumLength: Int = Limits.helloBytes) {
        self.maximumLength = maximumLength
    }

    /// The frame at the start of `bytes`; nil if more bytes are needed.
    ///
    /// The header is judged as soon as its 16 bytes are there, before anything is buffered for the rest.
    @inline(__always)
    package func frame(in bytes: UnsafeRawBufferPointer) throws(FrameError) -> Frame? {
        guard bytes.count >= FrameHeader.bytes else { return nil }
        let header = FrameHeader(reading: bytes)
        let type = try header.checked(maximumLength: maximumLength)
        let size = FrameHeader.bytes + Int(header.length)
        guard bytes.count >= size else { return nil }
        let payloadStart = FrameHeader.bytes + (type == nil ? 0 : Int(header.metadataLength))
        return Frame(
            header: header, type: type,
            metadata: UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.bytes..<payloadStart]),
            payload: UnsafeRawBufferPointer(rebasing: bytes[payloadStart..<size]),
            bytes: UnsafeRawBufferPointer(rebasing: bytes[..<size]))
    }

    /// Recognises, by the first bytes of a connection, a peer that speaks something else.
    ///
    /// A HELLO is at most ``Limits/helloBytes`` long, so it starts with two zero bytes.
    package static func checkFirst(_ bytes: UnsafeRawBufferPointer) throws(FrameError) {
        guard let first = bytes.first else { return }
        if first == 0 {
            guard bytes.count < 2 || bytes[1] == 0 else { throw .notApus }
            return
        }
        switch first {
        case 0x16: throw .tls
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): throw .http
        default: throw .notApus
        }
    }
}
