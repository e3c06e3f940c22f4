internal import CApusProto
package import SMSModel

extension SubmitRequest: WireMessage {
    package static let wireName = "SendRequest"

    /// The request's texts and tags are borrowed: they live until the arena is reset.
    @inline(__always)
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpackFlat(payload, as: Self.wireName, apus__v1__send_request__unpack)
        try self.init(c, path: "")
    }

    /// Decodes a Send: its message, and from its metadata the idempotency key and what logs are joined by.
    @inline(__always)
    package init(
        decoding payload: UnsafeRawBufferPointer, metadata: RequestMetadata, arena: MessageArena
    ) throws(GatewayError) {
        try self.init(decoding: payload, arena: arena)
        idempotencyKey = metadata.idempotencyKey
        requestID = metadata.requestID
        traceparent = metadata.traceparent
    }

    /// - Parameter path: goes before the names of fields in violations, e.g. `template.message.`.
    @inline(__always)
    init(_ c: UnsafeMutablePointer<Apus__V1__SendRequest>, path: String) throws(GatewayError) {
        self.init()
        let tagCount = c.pointee.n_tags
        var check = TextChecker()
        to = check.view(c.pointee.to, path + "to")
        sender = check.view(c.pointee.sender, path + "sender")
        body = check.view(c.pointee.body, path + "body")
        reference = check.view(c.pointee.reference, path + "reference")
        if tagCount > 0 {
            guard tagCount <= Limits.tags else {
                throw GatewayError(
                    .invalidArgument, "\(path)tags has more than \(Limits.tags) items",
                    violations: [
                        FieldViolation(field: path + "tags", description: "has more than \(Limits.tags) items")
                    ], notProcessed: true)
            }
            tags.reserveCapacity(tagCount)
            for index in 0..<tagCount {
                tags.append(check.view(c.pointee.tags[index], "\(path)tags[\(index)]"))
            }
        }
        try check.finish()
        priority = Int32(truncatingIfNeeded: c.pointee.priority.rawValue)
        onUnknown = Int32(truncatingIfNeeded: c.pointee.on_unknown.rawValue)
        smartEncoding = Int32(truncatingIfNeeded: c.pointee.smart_encoding.rawValue)
        sendAt = c.pointee.send_at_ms
        validity = c.pointee.validity_ms
        maxSegments = c.pointee.max_segments
    }

    /// Decodes what can be, and names all that can't: such a text is empty then, and tags beyond the bound are left out.
    ///
    /// - Throws: INVALID_ARGUMENT for malformed bytes alone.
    package static func examined(
        decoding payload: UnsafeRawBufferPointer, arena: MessageArena
    ) throws(GatewayError) -> (message: SubmitRequest, violations: [FieldViolation]) {
        let c = try arena.unpackFlat(payload, as: wireName, apus__v1__send_request__unpack)
        var check = TextChecker()
        func clean(_ data: inout ProtobufCBinaryData, _ field: String) {
            let before = check.violations.count
            _ = check.view(data, field)
            if check.violations.count > before { data = ProtobufCBinaryData() }
        }
        clean(&c.pointee.to, "to")
        clean(&c.pointee.sender, "sender")
        clean(&c.pointee.body, "body")
        clean(&c.pointee.reference, "reference")
        if c.pointee.n_tags > Limits.tags {
            check.record("tags", "has more than \(Limits.tags) items")
            c.pointee.n_tags = Limits.tags
        }
        for index in 0..<c.pointee.n_tags { clean(&c.pointee.tags[index], "tags[\(index)]") }
        return (try SubmitRequest(c, path: ""), check.violations)
    }

    package func encode(into output: OutputBuffer) {
        var c = Apus__V1__SendRequest()
        layOut(&c, in: output.scratch)
        output.pack(&c)
    }

    func layOut(_ c: inout Apus__V1__SendRequest, in arena: MessageArena) {
        apus__v1__send_request__init(&c)
        c.to = ProtobufCBinaryData(borrowing: to)
        c.sender = ProtobufCBinaryData(borrowing: sender)
        c.body = ProtobufCBinaryData(borrowing: body)
        c.reference = ProtobufCBinaryData(borrowing: reference)
        c.priority = Apus__V1__Priority(rawValue: .init(truncatingIfNeeded: priority))
        c.on_unknown = Apus__V1__OnUnknown(rawValue: .init(truncatingIfNeeded: onUnknown))
        c.smart_encoding = Apus__V1__SmartEncoding(rawValue: .init(truncatingIfNeeded: smartEncoding))
        c.send_at_ms = sendAt
        c.validity_ms = validity
        c.max_segments = maxSegments
        if !tags.isEmpty {
            c.n_tags = tags.count
            c.tags = arena.allocate(ProtobufCBinaryData.self, count: tags.count)
            for (index, tag) in tags.enumerated() { c.tags[index] = ProtobufCBinaryData(borrowing: tag) }
        }
    }
}

/// A message as a client writes it: like ``SubmitRequest``, but it owns its texts.
package struct SendRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SendRequest"

    package var to: String
    package var sender: String
    package var body: String
    /// nil = the protocol's UNSPECIFIED.
    package var priority: Priority?
    /// Milliseconds since the Unix epoch; 0 = now.
    package var sendAt: Int64 = 0
    /// Milliseconds; 0 = the default.
    package var validity: UInt64 = 0
    package var reference = ""
    package var tags: [String] = []
    /// 0 = no bound.
    package var maxSegments: UInt32 = 0
    package var onUnknown: OnUnknown?
    /// nil = as the tenant's settings have it.
    package var smartEncoding: SmartEncodingChoice?

    package init(to: String = "", sender: String = "", body: String = "", priority: Priority? = nil) {
        self.to = to
        self.sender = sender
        self.body = body
        self.priority = priority
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        try self.init(SubmitRequest(decoding: payload, arena: arena))
    }

    init(_ request: SubmitRequest) throws(GatewayError) {
        to = String(decoding: request.to, as: UTF8.self)
        sender = String(decoding: request.sender, as: UTF8.self)
        body = String(decoding: request.body, as: UTF8.self)
        reference = String(decoding: request.reference, as: UTF8.self)
        tags = request.tags.map { String(decoding: $0, as: UTF8.self) }
        priority = try wireEnum(request.priority, "priority")
        onUnknown = try wireEnum(request.onUnknown, "on_unknown")
        smartEncoding = try wireEnum(request.smartEncoding, "smart_encoding")
        sendAt = request.sendAt
        validity = request.validity
        maxSegments = request.maxSegments
    }

    package func encode(into output: OutputBuffer) {
        output.pack(layOut(in: output.scratch))
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__SendRequest> {
        let c = arena.make(apus__v1__send_request__init)
        c.pointee.to = arena.text(to)
        c.pointee.sender = arena.text(sender)
        c.pointee.body = arena.text(body)
        c.pointee.priority = Apus__V1__Priority(rawValue: .init(priority?.rawValue ?? 0))
        c.pointee.send_at_ms = sendAt
        c.pointee.validity_ms = validity
        c.pointee.reference = arena.text(reference)
        c.pointee.n_tags = tags.count
        c.pointee.tags = arena.texts(tags)
        c.pointee.max_segments = maxSegments
        c.pointee.on_unknown = Apus__V1__OnUnknown(rawValue: .init(onUnknown?.rawValue ?? 0))
        c.pointee.smart_encoding = Apus__V1__SmartEncoding(rawValue: .init(smartEncoding?.rawValue ?? 0))
        return c
    }
}

/// The answer to Send and Null.
package struct SendResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "SendResponse"

    package var id: MessageID
    package var state: MessageState
    package var duplicate: Bool
    package var segments: UInt32
    package var encoding: Encoding
    /// nil unless the encoding is UCS-2.
    package var ucs2: UCS2Cause?
    /// Characters that smart encoding replaced.
    package var replaced: UInt32
    /// The state's number in an answer of a later version, which this one doesn't know; ``state`` says nothing then.
    package var unknownState: Int32?
    /// The same of ``encoding``.
    package var unknownEncoding: Int32?

    package init(
        id: MessageID, state: MessageState, duplicate: Bool, segments: UInt32, encoding: Encoding,
        ucs2: UCS2Cause? = nil, replaced: UInt32 = 0
    ) {
        self.id = id
        self.state = state
        self.duplicate = duplicate
        self.segments = segments
        self.encoding = encoding
        self.ucs2 = ucs2
        self.replaced = replaced
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__send_response__unpack).pointee
        id = MessageID(rawValue: c.id)
        state = knownEnum(c.state.rawValue) ?? .unknown
        unknownState = unknownNumber(c.state.rawValue, MessageState.self)
        duplicate = c.duplicate != 0
        segments = c.segments
        encoding = knownEnum(c.encoding.rawValue) ?? .gsm7
        unknownEncoding = unknownNumber(c.encoding.rawValue, Encoding.self)
        ucs2 = UCS2Cause(c.ucs2)
        replaced = c.replaced
    }

    /// Written by hand, field by field as protobuf-c would: a fifth of its time, for the commonest answer there is.
    package func encode(into output: OutputBuffer) {
        let target = output.reserve(Self.maximumBytes).assumingMemoryBound(to: UInt8.self)
        var count = 0
        func put(_ byte: UInt8) {
            target[count] = byte
            count += 1
        }
        func put(_ field: UInt8, _ number: UInt64) {
            guard number != 0 else { return }
            put(field << 3)
            var rest = number
            while rest > 0x7F {
                put(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            put(UInt8(rest))
        }
        put(1, id.rawValue)
        put(2, unknownState.map { UInt64(bitPattern: Int64($0)) } ?? UInt64(state.rawValue))
        put(3, duplicate ? 1 : 0)
        put(4, UInt64(segments))
        put(5, unknownEncoding.map { UInt64(bitPattern: Int64($0)) } ?? UInt64(encoding.rawValue))
        if let ucs2 {
            put(6 << 3 | 2)
            let length = count
            put(0)
            put(1, UInt64(ucs2.scalar))
            put(2, UInt64(ucs2.position))
            put(3, UInt64(ucs2.count))
            put(4, UInt64(ucs2.segmentsWithout))
            put(5, ucs2.isReplaceable ? 1 : 0)
            target[length] = UInt8(count - length - 1)
        }
        put(7, UInt64(replaced))
        output.advance(by: count)
    }

    /// What the seven fields take at most: a tag each, and the longest varints. The cause of UCS-2 is below 128 bytes,
    /// so that its length takes one.
    private static let maximumBytes = 5 + 10 + 10 + 1 + 5 + 10 + (2 + 5 + 5 + 10 + 10 + 10 + 1) + (1 + 5)
}

/// The enum's case of that number; nil for 0.
///
/// - Throws: INVALID_ARGUMENT for a number that this version doesn't know.
func wireEnum<E: RawRepresentable<UInt8>>(
    _ number: some BinaryInteger, _ field: @autoclosure () -> String
) throws(GatewayError) -> E? {
    guard number != 0 else { return nil }
    guard let raw = UInt8(exactly: number), let value = E(rawValue: raw) else {
        throw GatewayError(
            .invalidArgument, "\(field()) has the unknown value \(number)",
            violations: [FieldViolation(field: field(), description: "has the unknown value \(number)")],
            notProcessed: true)
    }
    return value
}

/// The enum's case of that number in an answer; nil for one that this version doesn't know.
func knownEnum<E: RawRepresentable<UInt8>>(_ number: some BinaryInteger) -> E? {
    UInt8(exactly: number).flatMap(E.init)
}

/// A number in an answer that is no case of the enum: it came with a later version, and is carried as it is.
func unknownNumber<E: RawRepresentable<UInt8>>(_ number: some BinaryInteger, _ type: E.Type) -> Int32? {
    let known: E? = knownEnum(number)
    return known == nil ? Int32(truncatingIfNeeded: number) : nil
}

/// The number of a case, or the one that came instead and isn't known.
func wireNumber<E: RawRepresentable<UInt8>>(_ value: E?, _ unknown: Int32?) -> UInt32 {
    unknown.map { UInt32(bitPattern: $0) } ?? UInt32(value?.rawValue ?? 0)
}

func requiredEnum<E: RawRepresentable<UInt8>>(
    _ number: some BinaryInteger, _ field: @autoclosure () -> String
) throws(GatewayError) -> E {
    guard let value: E = try wireEnum(number, field()) else {
        throw GatewayError(
            .invalidArgument, "\(field()) is missing",
            violations: [FieldViolation(field: field(), description: "is missing")], notProcessed: true)
    }
    return value
}
