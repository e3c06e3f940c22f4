internal import Foundation
internal import RPCWire
internal import SMSModel

/// The repository's root.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

extension OutputBuffer {
    var array: [UInt8] { Array(bytes) }
}

/// What `encode` appends.
func encoded(_ encode: (OutputBuffer) -> Void) -> [UInt8] {
    let output = OutputBuffer(capacity: 64)
    encode(output)
    return output.array
}

/// Decodes from bytes that have nothing valid around them.
func decode<Message: WireMessage>(_ type: Message.Type, _ bytes: [UInt8]) throws(GatewayError) -> Message {
    let arena = MessageArena()
    let result = bytes.withUnsafeBytes { bytes -> Result<Message, GatewayError> in
        do throws(GatewayError) {
            return .success(try Message(decoding: bytes, arena: arena))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// Encoded and decoded again.
func roundTrip<Message: WireMessage>(_ message: Message) throws(GatewayError) -> Message {
    try decode(Message.self, encoded { message.encode(into: $0) })
}

/// Lends a text's bytes.
func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try Array(text.utf8).withUnsafeBytes(body)
}
