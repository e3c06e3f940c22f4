internal import CApusProto

/// The rule that no payload has a singular sub-message twice.
///
/// Protobuf allows pieces of one, which are merged. protobuf-c 1.4 loses scalars of the earlier piece in messages of
/// proto3, and nothing that writes whole messages makes pieces; so they are refused.
enum SingularMessages {
    /// Finds a singular sub-message that is there more than once.
    ///
    /// - Parameter bytes: a message that protobuf-c has unpacked, so that its fields are whole.
    /// - Returns: the field's name with its path, such as `template.message`; nil if there is none.
    static func repeatedField(
        in bytes: UnsafeRawBufferPointer, of descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> String? {
        guard hasMessages(descriptor) else { return nil }
        var reader = FieldReader(bytes: bytes)
        var seen: UInt64 = 0
        // Items of a list follow each other: their field is looked up once.
        var number: UInt32 = 0
        var field: NestedField?
        while let found = reader.next() {
            if found.number != number {
                number = found.number
                field = NestedField(number, of: descriptor)
            }
            guard let field else { continue }
            if !field.isRepeated {
                guard seen & field.bit == 0 else { return field.name }
                seen |= field.bit
            }
            if let inner = field.descriptor, let name = repeatedField(in: found.bytes, of: inner) {
                return "\(field.name).\(name)"
            }
        }
        return nil
    }

    private static func hasMessages(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) -> Bool {
        let fields = UnsafeBufferPointer(start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
        return fields.contains { $0.type == PROTOBUF_C_TYPE_MESSAGE }
    }

    /// A field that holds messages.
    private struct NestedField {
        let name: String
        let isRepeated: Bool
        /// The field's own, among those of its message.
        let bit: UInt64
        /// The inner message's; nil if that has no messages in it.
        let descriptor: UnsafePointer<ProtobufCMessageDescriptor>?

        /// - Returns: nil for a field that is unknown, or holds something else.
        init?(_ number: UInt32, of descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
            guard let found = protobuf_c_message_descriptor_get_field(descriptor, number),
                found.pointee.type == PROTOBUF_C_TYPE_MESSAGE, let inner = found.pointee.descriptor
            else { return nil }
            name = String(cString: found.pointee.name)
            isRepeated = found.pointee.label == PROTOBUF_C_LABEL_REPEATED
            // No message of the protocol has 64 fields.
            bit = 1 << UInt64(descriptor.pointee.fields.distance(to: found))
            let innerDescriptor = inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
            self.descriptor = hasMessages(innerDescriptor) ? innerDescriptor : nil
        }
    }
}

/// The length-delimited fields of a message's bytes, one after the other; what is malformed ends them.
private struct FieldReader {
    let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func next() -> (number: UInt32, bytes: UnsafeRawBufferPointer)? {
        while let key = varint() {
            switch key & 7 {
            case 0:
                guard varint() != nil else { return nil }
            case 1: offset += 8
            case 2:
                guard let length = varint(), length <= UInt64(bytes.count - offset) else { return nil }
                let start = offset
                offset += Int(length)
                return (
                    UInt32(truncatingIfNeeded: key >> 3), UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
                )
            case 5: offset += 4
            default: return nil
            }
        }
        return nil
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
