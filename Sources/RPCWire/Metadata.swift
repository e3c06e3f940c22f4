internal import CApusProto
package import SMSModel

/// What a REQUEST carries besides its message. Texts and key are borrowed: from the frame's buffer and
/// the arena when decoded, from the caller when encoded.
package struct RequestMetadata {
    /// Relative; 0 = none.
    package var timeoutMilliseconds: UInt32 = 0
    /// Overrides the connection's credential; empty = none.
    package var authorization = UnsafeRawBufferPointer(start: nil, count: 0)
    package var idempotencyKey = UnsafeRawBufferPointer(start: nil, count: 0)
    package var requestID = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The trace context in any form and length: what is none is ignored, as W3C has it.
    package var traceparent = UnsafeRawBufferPointer(start: nil, count: 0)
    /// 0 = the first.
    package var attempt: UInt32 = 0
    package var initialCredit: UInt32 = 0

    package init() {}

    /// - Throws: INVALID_ARGUMENT for malformed bytes, bad texts and fields that are too long.
    package init(decoding bytes: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        if decodeCommon(bytes) { return }
        let c = try arena.unpackFlat(bytes, as: "RequestMetadata", apus__v1__request_metadata__unpack).pointee
        var check = TextChecker()
        timeoutMilliseconds = c.timeout_ms
        authorization = check.view(c.authorization, "authorization")
        idempotencyKey = UnsafeRawBufferPointer(c.idempotency_key)
        requestID = check.view(c.request_id, "request_id")
        traceparent = UnsafeRawBufferPointer(c.traceparent)
        attempt = c.attempt
        initialCredit = c.initial_credit
        check.atMost(Limits.credentialBytes, authorization, "authorization")
        check.atMost(Limits.idempotencyKeyBytes, idempotencyKey, "idempotency_key")
        check.atMost(Limits.requestIDBytes, requestID, "request_id")
        try check.finish()
    }

    /// Decodes what nearly every request has, a time-out, a key or nothing, without unpacking: an eighth of the time.
    ///
    /// - Returns: false for anything else, which is left to protobuf-c.
    @inline(__always)
    private mutating func decodeCommon(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        var timeout: UInt32 = 0
        if bytes.count >= 2, bytes[0] == 0x08 {  // field 1, a varint, of up to three bytes here
            offset = 1
            var shift: UInt32 = 0
            while true {
                guard offset < bytes.count, shift <= 14 else { return false }
                let byte = bytes[offset]
                timeout |= UInt32(byte & 0x7F) << shift
                offset += 1
                shift += 7
                if byte < 0x80 { break }
            }
        }
        if offset < bytes.count {
            guard bytes[offset] == 0x1A, bytes.count - offset >= 2 else { return false }  // field 3, bytes
            let count = Int(bytes[offset + 1])
            guard count <= Limits.idempotencyKeyBytes, count == bytes.count - offset - 2 else { return false }
            idempotencyKey = UnsafeRawBufferPointer(rebasing: bytes[(offset + 2)...])
        }
        timeoutMilliseconds = timeout
        return true
    }

    package func encode(into output: OutputBuffer) {
        guard
            timeoutMilliseconds != 0 || attempt != 0 || initialCredit != 0 || authorization.count > 0
                || idempotencyKey.count > 0 || requestID.count > 0 || traceparent.count > 0
        else { return }
        var c = Apus__V1__RequestMetadata()
        apus__v1__request_metadata__init(&c)
        c.timeout_ms = timeoutMilliseconds
        c.authorization = ProtobufCBinaryData(borrowing: authorization)
        c.idempotency_key = ProtobufCBinaryData(borrowing: idempotencyKey)
        c.request_id = ProtobufCBinaryData(borrowing: requestID)
        c.traceparent = ProtobufCBinaryData(borrowing: traceparent)
        c.attempt = attempt
        c.initial_credit = initialCredit
        output.pack(&c)
    }
}

extension TextChecker {
    @inline(__always)
    mutating func atMost(_ maximum: Int, _ bytes: UnsafeRawBufferPointer, _ field: String) {
        if bytes.count > maximum { record(field, "is longer than \(maximum) bytes") }
    }
}

// MARK: Errors

extension GatewayError {
    /// Reads a RESPONSE whose status isn't OK.
    package init(status: UInt16, metadata: UnsafeRawBufferPointer, arena: MessageArena) {
        let code = StatusCode(rawValue: status) ?? .unknown
        guard code != .ok else {
            self.init(.unknown, "an error with the status OK")
            return
        }
        guard let c = try? arena.unpack(metadata, as: "ResponseMetadata", apus__v1__response_metadata__unpack).pointee
        else {
            self.init(code, "the error's details could not be read")
            return
        }
        self.init(code, String(lenient: c.message))
        retryAfterMilliseconds = c.retry_after_ms
        notProcessed = c.not_processed != 0
        violations = (0..<c.n_violations).map { FieldViolation(c.violations[$0]!.pointee) }
        if let quota = c.quota?.pointee {
            self.quota = QuotaDetail(
                limit: String(lenient: quota.limit), maximum: quota.maximum, unit: String(lenient: quota.unit))
        }
    }

    /// Appends the ResponseMetadata that tells this error; at most ``Limits/violationsPerRefusal`` violations.
    func encodeMetadata(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__response_metadata__init)
        c.pointee.message = scratch.text(message)
        c.pointee.retry_after_ms = retryAfterMilliseconds
        c.pointee.not_processed = notProcessed ? 1 : 0
        let told = Array(violations.prefix(Limits.violationsPerRefusal))
        c.pointee.n_violations = told.count
        c.pointee.violations = scratch.messages(told) { $0.layOut(in: scratch) }
        if let quota {
            let q = scratch.make(apus__v1__quota__init)
            q.pointee.limit = scratch.text(quota.limit)
            q.pointee.maximum = quota.maximum
            q.pointee.unit = scratch.text(quota.unit)
            c.pointee.quota = q
        }
        output.pack(c)
    }

    /// With half of the violations, then without the quota, then with a shorter message.
    func shortenedMetadata() -> GatewayError {
        var shorter = self
        if !violations.isEmpty {
            shorter.violations.removeLast((violations.count + 1) / 2)
        } else if quota != nil {
            shorter.quota = nil
        } else {
            shorter.message = String(message.prefix(message.count / 2))
        }
        return shorter
    }
}

extension FieldViolation {
    init(_ c: Apus__V1__FieldViolation) {
        self.init(field: String(lenient: c.field), description: String(lenient: c.description))
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__FieldViolation> {
        let c = arena.make(apus__v1__field_violation__init)
        c.pointee.field = arena.text(field)
        c.pointee.description = arena.text(description)
        return c
    }
}

extension String {
    /// For texts that only people read: what isn't UTF-8 becomes U+FFFD.
    init(lenient data: ProtobufCBinaryData) {
        self.init(decoding: UnsafeRawBufferPointer(data), as: UTF8.self)
    }
}
