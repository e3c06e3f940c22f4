internal import CApusProto
package import SMSModel

/// A protobuf message as a Swift value. protobuf-c's structs stay behind this.
package protocol WireMessage {
    /// The message's name in the .proto file.
    static var wireName: String { get }

    /// Decodes and checks: every text is valid UTF-8 without NUL.
    ///
    /// - Parameter arena: takes what protobuf-c unpacks. The value keeps nothing of it, nor of `payload`,
    ///   unless its own comment says so.
    /// - Throws: INVALID_ARGUMENT for malformed bytes and bad texts, and if the arena is full.
    init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError)

    /// Appends the message's bytes.
    func encode(into output: OutputBuffer)

    /// The message with less of what may be left out of it; nil if nothing more may.
    func shortened() -> Self?
}

extension WireMessage {
    package func shortened() -> Self? { nil }
}

// MARK: Decoding

extension MessageArena {
    typealias Unpack<T> = (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) ->
        UnsafeMutablePointer<T>?

    /// Unpacks into the arena.
    ///
    /// - Throws: INVALID_ARGUMENT for malformed bytes, for a singular sub-message that is there twice, and if the arena
    ///   is full.
    func unpack<T>(
        _ payload: UnsafeRawBufferPointer, as name: @autoclosure () -> String, _ unpack: Unpack<T>
    ) throws(GatewayError) -> UnsafeMutablePointer<T> {
        let message = try unpackFlat(payload, as: name(), unpack)
        let descriptor = UnsafeRawPointer(message).load(as: UnsafePointer<ProtobufCMessageDescriptor>.self)
        if let field = SingularMessages.repeatedField(in: payload, of: descriptor) {
            throw GatewayError(
                .invalidArgument, "\(field) is given more than once",
                violations: [FieldViolation(field: field, description: "is given more than once")], notProcessed: true)
        }
        return message
    }

    /// Unpacks a message that has no messages in it.
    @inline(__always)
    func unpackFlat<T>(
        _ payload: UnsafeRawBufferPointer, as name: @autoclosure () -> String, _ unpack: Unpack<T>
    ) throws(GatewayError) -> UnsafeMutablePointer<T> {
        let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        if let message = unpack(allocator, payload.count, bytes) { return message }
        throw unpackFailed(name())
    }

    private func unpackFailed(_ name: String) -> GatewayError {
        isExhausted
            ? GatewayError(
                .invalidArgument,
                "the \(name) has too many fields: decoding it takes more than \(Limits.decodeArenaBytes) bytes of memory",
                notProcessed: true)
            : GatewayError(.invalidArgument, "the payload is not a valid \(name)", notProcessed: true)
    }
}

/// Checks the texts of one message and gathers what is wrong with them.
struct TextChecker {
    private(set) var violations: [FieldViolation] = []

    /// The field's bytes, borrowed; a bad text is recorded and still returned.
    @inline(__always)
    mutating func view(
        _ data: ProtobufCBinaryData, _ field: @autoclosure () -> String
    ) -> UnsafeRawBufferPointer {
        let bytes = UnsafeRawBufferPointer(data)
        if !isPlainText(bytes) { record(field(), bytes.contains(0) ? "contains a NUL" : "is not valid UTF-8") }
        return bytes
    }

    mutating func string(_ data: ProtobufCBinaryData, _ field: @autoclosure () -> String) -> String {
        String(decoding: view(data, field()), as: UTF8.self)
    }

    /// - Throws: INVALID_ARGUMENT with the violations, if there are any.
    @inline(__always)
    func finish() throws(GatewayError) {
        guard violations.isEmpty else {
            throw GatewayError(
                .invalidArgument, "\(violations[0].field) \(violations[0].description)", violations: violations,
                notProcessed: true)
        }
    }

    mutating func record(_ field: String, _ description: String) {
        guard violations.count < Limits.violationsPerRefusal else { return }
        violations.append(FieldViolation(field: field, description: description))
    }
}

/// Valid UTF-8 without NUL.
package func isPlainText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    // Eight bytes at a time while they are ASCII and not NUL, which most texts are throughout.
    var offset = 0
    let highBits: UInt64 = 0x8080_8080_8080_8080
    let ones: UInt64 = 0x0101_0101_0101_0101
    while offset + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        // The second term's high bits mark bytes that are zero, given that none has its own high bit set.
        guard (word | (word &- ones)) & highBits == 0 else { break }
        offset += 8
    }
    while offset < bytes.count, bytes[offset] &- 1 < 0x7F { offset += 1 }
    return offset == bytes.count || StrictUTF8.isText(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    init(_ data: ProtobufCBinaryData) {
        self.init(start: data.data, count: data.len)
    }
}

// MARK: Encoding

extension OutputBuffer {
    /// Packs a struct that starts with its `ProtobufCMessage`, and clears the scratch arena it was laid out in.
    func pack<T>(_ message: UnsafeMutablePointer<T>) {
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        let size = protobuf_c_message_get_packed_size(base)
        let target = reserve(size).assumingMemoryBound(to: UInt8.self)
        advance(by: protobuf_c_message_pack(base, target))
        scratch.reset()
    }
}

extension MessageArena {
    /// A struct laid out in the arena and set to its defaults.
    func make<T>(_ initialize: (UnsafeMutablePointer<T>?) -> Void) -> UnsafeMutablePointer<T> {
        let message = allocate(T.self, count: 1)
        initialize(message)
        return message
    }

    /// A copy of the text in the arena.
    func text(_ text: String) -> ProtobufCBinaryData {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    func texts(_ texts: [String]) -> UnsafeMutablePointer<ProtobufCBinaryData> {
        let list = allocate(ProtobufCBinaryData.self, count: texts.count)
        for (index, item) in texts.enumerated() { list[index] = text(item) }
        return list
    }

    func numbers<T: BitwiseCopyable>(_ numbers: some Collection<T>) -> UnsafeMutablePointer<T> {
        let list = allocate(T.self, count: numbers.count)
        for (index, number) in numbers.enumerated() { list[index] = number }
        return list
    }

    /// A list of messages, each laid out by `layOut`.
    func messages<Element, T>(
        _ elements: [Element], _ layOut: (Element) -> UnsafeMutablePointer<T>
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<T>?> {
        let list = allocate(UnsafeMutablePointer<T>?.self, count: elements.count)
        for (index, element) in elements.enumerated() { list[index] = layOut(element) }
        return list
    }

    func copy(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        bytes.withUnsafeBytes { copy($0) }
    }

    private func copy(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return ProtobufCBinaryData() }
        let target = allocate(UInt8.self, count: bytes.count)
        UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: bytes.count)
        return ProtobufCBinaryData(len: bytes.count, data: target)
    }
}

extension ProtobufCBinaryData {
    /// Borrows `bytes`, which must live until the message is packed.
    @inline(__always)
    init(borrowing bytes: UnsafeRawBufferPointer) {
        self.init(
            len: bytes.count,
            data: UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)))
    }
}
