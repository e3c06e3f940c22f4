internal import Cryptography
package import RPCWire
package import SMSModel

extension Fingerprint {
    /// The fingerprint that the gateway gives a message (Protos/README.md, "Content"): the first 16 bytes of SHA-256
    /// over a head of numbers and lengths, all little-endian, and the texts.
    package init(of request: SendRequest) {
        var bytes: [UInt8] = []
        func number(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        let tags = request.tags.reduce(0) { $0 + 1 + $1.utf8.count }
        for count in [
            request.to.utf8.count, request.sender.utf8.count, request.body.utf8.count,
            request.reference.utf8.count, tags,
        ] {
            number(UInt32(clamping: count))
        }
        number(request.maxSegments)
        number(UInt32(request.priority?.rawValue ?? Priority.normal.rawValue))
        number(UInt32(request.onUnknown?.rawValue ?? 0) | UInt32(request.smartEncoding?.rawValue ?? 0) << 8)
        number(request.sendAt)
        number(request.validity)
        for text in [request.to, request.sender, request.body, request.reference] { bytes += text.utf8 }
        for tag in request.tags {
            bytes.append(UInt8(truncatingIfNeeded: tag.utf8.count))
            bytes += tag.utf8
        }
        let digest = bytes.withUnsafeBytes { SHA256Digest($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
        self.init(high: digest.first, low: digest.second)
    }
}
