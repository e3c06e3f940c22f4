internal import SMSModel

/// What a frame is. Types from 128 are not listed: they are skipped, so that later versions can add some.
package enum FrameType: UInt8, CaseIterable, Sendable {
    case hello = 1
    case request = 2
    case response = 3
    /// One item of a stream.
    case item = 4
    case cancel = 5
    case ping = 6
    case pong = 7
    case goAway = 8
    case credit = 9

    /// Frames of a call carry its id, those of the connection 0.
    package var belongsToCall: Bool {
        switch self {
        case .request, .response, .item, .cancel, .credit: true
        case .hello, .ping, .pong, .goAway: false
        }
    }

    package var mayCarryMetadata: Bool { self == .request || self == .response }
}

/// The 16 bytes before each frame's metadata and payload; integers are big-endian.
package struct FrameHeader: Hashable, Sendable {
    /// The length of the header itself: ``Limits/frameHeaderBytes``, where the compiler sees the number.
    package static let bytes = 16
    private static let maximumMetadata = 16 * 1024
    /// In a HELLO's `code`: "AP".
    package static let magic: UInt16 = 0x4150
    /// From this number on an unknown type is skipped.
    package static let firstIgnoredType: UInt8 = 128
    package static let compressed: UInt8 = 0x01
    package static let criticalFlags: UInt8 = 0xF0
    /// The most that PING, PONG and CREDIT carry.
    package static let pingBytes = 8

    /// Bytes of metadata and payload.
    package var length: UInt32
    /// The number of a ``FrameType``, or one from 128.
    package var type: UInt8
    package var flags: UInt8
    package var metadataLength: UInt16
    package var callID: UInt32
    /// HELLO: ``magic``. REQUEST: the method's number. RESPONSE: the status code. Else 0.
    package var code: UInt16
    package var reserved: UInt16

    package init(type: FrameType, length: Int, metadataLength: Int = 0, callID: UInt32 = 0, code: UInt16 = 0) {
        self.length = UInt32(length)
        self.type = type.rawValue
        self.flags = 0
        self.metadataLength = UInt16(metadataLength)
        self.callID = callID
        self.code = code
        self.reserved = 0
    }

    /// Reads a header without judging it. `bytes` holds at least ``Limits/frameHeaderBytes``.
    @inline(__always)
    package init(reading bytes: UnsafeRawBufferPointer) {
        length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        type = bytes[4]
        flags = bytes[5]
        metadataLength = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        callID = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        code = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
        reserved = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self))
    }

    /// Writes the header over `target`'s first ``Limits/frameHeaderBytes``.
    @inline(__always)
    package func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: length.bigEndian, as: UInt32.self)
        target.storeBytes(of: type, toByteOffset: 4, as: UInt8.self)
        target.storeBytes(of: flags, toByteOffset: 5, as: UInt8.self)
        target.storeBytes(of: metadataLength.bigEndian, toByteOffset: 6, as: UInt16.self)
        target.storeBytes(of: callID.bigEndian, toByteOffset: 8, as: UInt32.self)
        target.storeBytes(of: code.bigEndian, toByteOffset: 12, as: UInt16.self)
        target.storeBytes(of: reserved.bigEndian, toByteOffset: 14, as: UInt16.self)
    }

    /// Checks all that a header alone can break.
    ///
    /// - Parameter maximumLength: the negotiated bound on ``length``.
    /// - Returns: the frame's type; nil for one that is to be skipped.
    package func checked(maximumLength: Int) throws(FrameError) -> FrameType? {
        guard length <= maximumLength else { throw .tooLarge(length: length, maximum: maximumLength) }
        guard let known = FrameType(rawValue: type) else {
            guard type >= Self.firstIgnoredType else { throw .unknownType(type) }
            return nil
        }
        guard reserved == 0 else { throw .reservedBits }
        guard flags & Self.criticalFlags == 0 else { throw .unknownFlags(flags) }
        guard flags & Self.compressed == 0 else { throw .compressed }
        guard metadataLength == 0 || known.mayCarryMetadata else { throw .unexpectedMetadata(known) }
        guard metadataLength <= Self.maximumMetadata, metadataLength <= length else {
            throw .metadataTooLong(Int(metadataLength))
        }
        guard known.belongsToCall == (callID != 0) else { throw .wrongCallID(known) }
        switch known {
        case .hello:
            guard code == Self.magic else { throw .wrongMagic }
            guard length <= Limits.helloBytes else { throw .tooLarge(length: length, maximum: Limits.helloBytes) }
        case .request, .response:
            break
        case .item, .goAway:
            guard code == 0 else { throw .reservedBits }
        case .cancel, .ping, .pong, .credit:
            guard code == 0 else { throw .reservedBits }
            let most = known == .cancel ? 0 : Self.pingBytes
            guard length <= most else { throw .tooLarge(length: length, maximum: most) }
        }
        return known
    }
}

/// The peer broke the frame rules: the connection ends.
package enum FrameError: Error, Hashable, Sendable {
    case tooLarge(length: UInt32, maximum: Int)
    case unknownType(UInt8)
    case unknownFlags(UInt8)
    case compressed
    case unexpectedMetadata(FrameType)
    case metadataTooLong(Int)
    case wrongCallID(FrameType)
    case wrongMagic
    case reservedBits
    /// The first bytes are a TLS handshake.
    case tls
    /// The first bytes are an HTTP request.
    case http
    case notApus

    package var message: String {
        switch self {
        case .tooLarge(let length, let maximum):
            "a frame of \(length) bytes is larger than the \(maximum) that may be sent"
        case .unknownType(let type): "unknown frame type \(type)"
        case .unknownFlags(let flags): "unknown critical flags \(flags & FrameHeader.criticalFlags)"
        case .compressed: "version 1 has no compression"
        case .unexpectedMetadata(let type): "a frame of type \(type) carries no metadata"
        case .metadataTooLong(let length):
            "metadata of \(length) bytes is longer than its frame or than \(Limits.metadataBytes) bytes"
        case .wrongCallID(let type):
            type.belongsToCall ? "a frame of type \(type) needs a call id" : "a frame of type \(type) has call id 0"
        case .wrongMagic: "a HELLO's header carries \(FrameHeader.magic)"
        case .reservedBits: "reserved bits of a frame header are not 0"
        case .tls: "this address speaks Apus without TLS; connect with tcp: or use a tls: address"
        case .http: "this address speaks the Apus RPC, not HTTP"
        case .notApus: "the first bytes are not an Apus HELLO"
        }
    }
}
