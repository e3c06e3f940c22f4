internal import NIOCore
internal import RPCWire
internal import SMSModel

/// A REQUEST that is encoded once; what differs from call to call is put into its bytes.
struct LoadFrame {
    /// The lowest batch index used: from here to 2^42 an index's varint has as many bytes.
    static let firstIndex: UInt64 = 1 << 35
    private static let indexBytes = 6
    private static let keyBytes = 16

    /// Messages that a call carries.
    let messages: Int
    private let bytes: [UInt8]
    private let keyOffset: Int?
    private let indexOffset: Int?
    private let credentialOffset: Int?

    /// A Send, or the Null that looks like it.
    ///
    /// - Parameter credentialBytes: the length of the credential that each call brings; 0 = calls go by the
    ///   connection's.
    static func send(_ method: RPCMethod, _ message: SendRequest, credentialBytes: Int = 0) -> LoadFrame {
        let marker = [UInt8](repeating: 0xA5, count: keyBytes)
        let credential = [UInt8](repeating: UInt8(ascii: "~"), count: credentialBytes)
        let output = OutputBuffer()
        marker.withUnsafeBytes { key in
            credential.withUnsafeBytes { credential in
                var metadata = RequestMetadata()
                metadata.idempotencyKey = key
                metadata.authorization = credential
                output.appendRequest(callID: 1, method: method, metadata: metadata, message: message)
            }
        }
        let bytes = Array(output.bytes)
        return LoadFrame(
            messages: 1, bytes: bytes, keyOffset: bytes.firstOffset(of: marker), indexOffset: nil,
            credentialOffset: credentialBytes == 0 ? nil : bytes.firstOffset(of: credential))
    }

    /// A chunk of this many messages of a batch.
    static func bulk(batch: String, _ message: SendRequest, count: Int) -> LoadFrame {
        // A value whose bytes come nowhere else.
        let marker = firstIndex | 0x5_5AA5_A55A
        let request = BulkRequest(
            batch: batch, firstIndex: marker, content: .messages(Array(repeating: message, count: count)))
        let output = OutputBuffer()
        output.appendRequest(callID: 1, method: .bulk, message: request)
        let bytes = Array(output.bytes)
        return LoadFrame(
            messages: count, bytes: bytes, keyOffset: nil, indexOffset: bytes.firstOffset(of: varint(marker)),
            credentialOffset: nil)
    }

    /// Appends the request.
    ///
    /// - Parameters:
    ///   - key: the idempotency key's two halves.
    ///   - index: of the chunk's first message, counted from ``firstIndex``.
    ///   - credential: where each call brings one.
    func append(
        to buffer: inout ByteBuffer, callID: UInt32, key: (UInt64, UInt64), index: UInt64, credential: [UInt8] = []
    ) {
        let start = buffer.writerIndex
        buffer.writeBytes(bytes)
        buffer.setInteger(callID, at: start + 8)
        if let keyOffset {
            buffer.setInteger(key.0, at: start + keyOffset)
            buffer.setInteger(key.1, at: start + keyOffset + 8)
        }
        if let credentialOffset { buffer.setBytes(credential, at: start + credentialOffset) }
        if let indexOffset {
            var rest = Self.firstIndex + index
            for place in 0..<Self.indexBytes {
                let isLast = place == Self.indexBytes - 1
                buffer.setInteger(UInt8(rest & 0x7F) | (isLast ? 0 : 0x80), at: start + indexOffset + place)
                rest >>= 7
            }
        }
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        (0..<indexBytes).map { UInt8(value >> UInt64(7 * $0) & 0x7F) | ($0 == indexBytes - 1 ? 0 : 0x80) }
    }
}

extension [UInt8] {
    fileprivate func firstOffset(of part: [UInt8]) -> Int? {
        indices.first { self[$0...].starts(with: part) }
    }
}
