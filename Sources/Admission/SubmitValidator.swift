package import ConfigurationModel
package import SMSModel

/// Checks requests of one tenant and turns those without fault into drafts. It holds the tenant's defaults and rules.
///
/// Pure: the time is a parameter, and nothing is kept between calls.
package struct SubmitValidator: Sendable {
    private let defaultSender: [UInt8]
    private let defaultValidity: UInt64
    private let defaultOnUnknown: OnUnknown
    private let encodesSmartly: Bool
    private let segmentPrice: Int64
    private let senders: SenderPolicy
    private let destinations: DestinationPolicy

    /// - Parameters:
    ///   - defaultSender: where a request names none; empty leaves the choice to the provider.
    ///   - defaultValidity: milliseconds, where a request gives none.
    ///   - encodesSmartly: whether bodies are encoded smartly where a request doesn't say.
    ///   - segmentPrice: of the dearest provider, at most ``Limits/segmentPrice``.
    package init(
        defaultSender: String = "", defaultValidity: UInt64 = Limits.validityDefaultMilliseconds,
        defaultOnUnknown: OnUnknown = .hold, encodesSmartly: Bool = false, segmentPrice: Money = Money(millionths: 0),
        senders: SenderPolicy = .any, destinations: DestinationPolicy = .everywhere
    ) {
        self.defaultSender = Array(defaultSender.utf8)
        self.defaultValidity = defaultValidity
        self.defaultOnUnknown = defaultOnUnknown
        self.encodesSmartly = encodesSmartly
        self.segmentPrice = segmentPrice.millionths
        self.senders = senders
        self.destinations = destinations
    }

    /// A tenant's rules; the defaults are for what its settings leave out.
    package init(
        _ settings: TenantSettings, sender: String = "", validity: UInt64 = Limits.validityDefaultMilliseconds,
        onUnknown: OnUnknown = .hold, segmentPrice: Money = Money(millionths: 0)
    ) {
        self.init(
            defaultSender: settings.defaultSender ?? sender, defaultValidity: settings.defaultValidity ?? validity,
            defaultOnUnknown: settings.onUnknown ?? onUnknown, encodesSmartly: settings.encodesSmartly,
            segmentPrice: segmentPrice, senders: settings.senderPolicy, destinations: settings.destinationPolicy)
    }

    /// Appends a draft of the request to `batch`, its texts copied, and returns no violation; or leaves `batch` as
    /// it is and returns one violation for each bad field.
    ///
    /// - Parameters:
    ///   - generation: of the configuration that the tenant's settings are of; the draft remembers it.
    ///   - now: milliseconds since the Unix epoch.
    ///   - suppressions: who has opted out; nil = nobody.
    ///   - mayRepeat: whether the message may be one that was accepted before, as with an idempotency key. A send time
    ///     that has passed is then left to the store, which knows: the draft is late (``MessageDraft/isLate(now:)``).
    package func validate(
        _ request: SubmitRequest, tenant: TenantID, generation: UInt32 = 0, now: Int64,
        suppressions: SuppressionList? = nil, mayRepeat: Bool = false, into batch: inout MessageDrafts
    ) -> [FieldViolation] {
        var violations = Violations()
        checkRecipient(request.to, tenant, suppressions, &violations)
        checkSender(request.sender, &violations)
        var replaced: SmartEncoding?
        let segmentation = segment(request, &replaced, &violations)
        let priority = priority(request, &violations)
        let onUnknown = onUnknown(request, &violations)
        let sendAt = sendAt(request, now, mayRepeat: mayRepeat || !request.idempotencyKey.isEmpty, &violations)
        let validity = validity(request, now, &violations)
        checkTexts(request, &violations)
        guard violations.isEmpty, let segmentation, let priority, let onUnknown else { return violations.found }

        var draft = MessageDraft(
            tenant: tenant, priority: priority, encoding: segmentation.encoding, onUnknown: onUnknown,
            segments: UInt8(segmentation.segments), sendAt: sendAt,
            expiresAt: (sendAt == 0 ? now : sendAt) + Int64(validity), recipient: ByteSlice(), sender: ByteSlice(),
            body: ByteSlice(), reference: ByteSlice(), tags: ByteSlice(), key: ByteSlice(), keyHash: 0,
            fingerprint: Fingerprint(high: 0, low: 0))
        draft.reserve = Int64(segmentation.segments) * segmentPrice
        draft.generation = generation
        copyTexts(of: request, replaced, to: &draft, &batch)
        batch.drafts.append(draft)
        return []
    }

    // MARK: Fields

    @inline(__always)
    private func checkRecipient(
        _ number: UnsafeRawBufferPointer, _ tenant: TenantID, _ suppressions: SuppressionList?,
        _ violations: inout Violations
    ) {
        if let problem = PhoneNumber.check(number) {
            violations.add("to", problem.description)
        } else if let refusal = destinations.refusal(of: number) {
            violations.add("to", refusal)
        } else if let suppressions, suppressions.contains(number, of: tenant) {
            violations.add("to", "The recipient has opted out of the tenant's messages.")
        }
    }

    /// What counts is whom the message will be from: the default sender, where it names none.
    @inline(__always)
    private func checkSender(_ sender: UnsafeRawBufferPointer, _ violations: inout Violations) {
        if !sender.isEmpty, let problem = Sender.check(sender) {
            violations.add("sender", problem)
        } else if let refusal = sender.isEmpty
            ? defaultSender.withUnsafeBytes(senders.refusal(of:)) : senders.refusal(of: sender)
        {
            violations.add("sender", refusal)
        }
    }

    /// - Parameter replaced: the body that is sent, if it isn't the one that was given.
    private func segment(
        _ request: SubmitRequest, _ replaced: inout SmartEncoding?, _ violations: inout Violations
    ) -> Segmentation? {
        let isSmart = isSmart(request, &violations)
        if request.maxSegments > Limits.segments {
            violations.add("max_segments", "At most \(Limits.segments) segments can be asked for.")
        }
        do throws(BodyProblem) {
            var segmentation = try Segmentation(request.body)
            if isSmart, segmentation.encoding == .ucs2 { replaced = SmartEncoding(request.body, &segmentation) }
            if request.maxSegments != 0, segmentation.segments > request.maxSegments {
                violations.add(
                    "max_segments",
                    "The body needs \(segmentation.segments) segments, and the request allows \(request.maxSegments).")
            }
            return segmentation
        } catch {
            violations.add("body", error.description)
            return nil
        }
    }

    private func isSmart(_ request: SubmitRequest, _ violations: inout Violations) -> Bool {
        if request.smartEncoding == 0 { return encodesSmartly }
        if let number = UInt8(exactly: request.smartEncoding), let choice = SmartEncodingChoice(rawValue: number) {
            return choice == .on
        }
        violations.add("smart_encoding", "There is no choice \(request.smartEncoding); ON is 1, OFF 2.")
        return false
    }

    private func priority(_ request: SubmitRequest, _ violations: inout Violations) -> Priority? {
        if request.priority == 0 { return .normal }
        if let number = UInt8(exactly: request.priority), let priority = Priority(rawValue: number) { return priority }
        violations.add("priority", "There is no priority \(request.priority); URGENT is 1, NORMAL 2, BULK 3.")
        return nil
    }

    private func onUnknown(_ request: SubmitRequest, _ violations: inout Violations) -> OnUnknown? {
        if request.onUnknown == 0 { return defaultOnUnknown }
        if let number = UInt8(exactly: request.onUnknown), let choice = OnUnknown(rawValue: number) { return choice }
        violations.add("on_unknown", "There is no choice \(request.onUnknown); HOLD is 1, RESEND 2.")
        return nil
    }

    /// 0 for a time that has come already, unless it is left to the store.
    private func sendAt(
        _ request: SubmitRequest, _ now: Int64, mayRepeat: Bool, _ violations: inout Violations
    ) -> Int64 {
        if request.sendAt == 0 { return 0 }
        let isLate = request.sendAt > 0 && request.sendAt < now - Limits.sendAtPastMilliseconds
        if isLate && mayRepeat { return request.sendAt }
        if let violation = SendTime.violation(request.sendAt, now: now) {
            violations.add(violation.field, violation.description)
        }
        return request.sendAt > now ? request.sendAt : 0
    }

    private func validity(_ request: SubmitRequest, _ now: Int64, _ violations: inout Violations) -> UInt64 {
        if request.validity == 0 { return defaultValidity }
        if request.validity < Limits.validityMinimumMilliseconds {
            violations.add(
                "validity_ms",
                "The validity \(request.validity) is below \(Limits.validityMinimumMilliseconds) ms: milliseconds are "
                    + "counted, \(request.validity) seconds are \(request.validity * 1000).")
        } else if request.validity > Limits.validityMaximumMilliseconds {
            let days = Limits.validityMaximumMilliseconds / 86_400_000
            let isDate = request.validity > UInt64(clamping: now) / 2
            violations.add(
                "validity_ms",
                "The validity \(request.validity) is above \(days) days"
                    + (isDate
                        ? ": it is how long the message may be sent, not until when."
                        : ", which are \(Limits.validityMaximumMilliseconds) ms."))
        }
        return request.validity
    }

    private func checkTexts(_ request: SubmitRequest, _ violations: inout Violations) {
        if request.reference.count > Limits.referenceBytes {
            violations.add("reference", "The reference is longer than \(Limits.referenceBytes) bytes.")
        } else if !StrictUTF8.isText(request.reference) {
            violations.add("reference", "The reference is not UTF-8 text without NUL.")
        }
        if request.idempotencyKey.count > Limits.idempotencyKeyBytes {
            violations.add("idempotency_key", "The key is longer than \(Limits.idempotencyKeyBytes) bytes.")
        }
        if request.requestID.count > Limits.requestIDBytes {
            violations.add("request_id", "The request id is longer than \(Limits.requestIDBytes) bytes.")
        } else if !StrictUTF8.isText(request.requestID) {
            violations.add("request_id", "The request id is not UTF-8 text without NUL.")
        }
        if request.tags.isEmpty { return }
        guard request.tags.count <= Limits.tags else {
            return violations.add("tags", "There are \(request.tags.count) tags; at most \(Limits.tags) are allowed.")
        }
        for (index, tag) in request.tags.enumerated() {
            if tag.isEmpty {
                violations.add("tags[\(index)]", "The tag is empty.")
            } else if tag.count > Limits.tagBytes {
                violations.add("tags[\(index)]", "The tag is longer than \(Limits.tagBytes) bytes.")
            } else if !StrictUTF8.isText(tag) {
                violations.add("tags[\(index)]", "The tag is not UTF-8 text without NUL.")
            }
        }
    }

    // MARK: The draft

    /// Copies the texts to the arena and hashes them there. What the fingerprint covers lies in one run.
    /// - Parameter replaced: the body that is sent, if it isn't the one that was given.
    private func copyTexts(
        of request: SubmitRequest, _ replaced: SmartEncoding?, to draft: inout MessageDraft,
        _ batch: inout MessageDrafts
    ) {
        let start = batch.bytes.count
        draft.recipient = batch.append(request.to)
        draft.sender = batch.append(request.sender)
        draft.body = batch.append(request.body)
        draft.reference = batch.append(request.reference)
        draft.tags.offset = UInt32(batch.bytes.count)
        for tag in request.tags {
            batch.bytes.append(UInt8(tag.count))
            batch.bytes.append(contentsOf: tag)
        }
        draft.tags.count = UInt32(batch.bytes.count) - draft.tags.offset
        batch.bytes.withUnsafeBytes { bytes in
            let texts = UnsafeRawBufferPointer(rebasing: bytes[start...])
            draft.fingerprint = Fingerprint(of: request, draft, texts: texts)
        }
        if request.sender.isEmpty, !defaultSender.isEmpty {
            draft.sender = defaultSender.withUnsafeBytes { batch.append($0) }
        }
        if let replaced {
            draft.body = replaced.body.withUnsafeBytes { batch.append($0) }
            draft.replaced = UInt16(clamping: replaced.count)
        }
        draft.key = batch.append(request.idempotencyKey)
        draft.keyHash = KeyHash.of(request.idempotencyKey, tenant: draft.tenant)
        draft.trace = batch.appendTrace(
            requestID: request.requestID, traceparent: request.traceparent, replaced: replaced)
    }
}

/// The violations of one request, as many as a refusal may carry.
private struct Violations {
    private(set) var found: [FieldViolation] = []
    var isEmpty: Bool { found.isEmpty }

    mutating func add(_ field: String, _ description: String) {
        guard found.count < Limits.violationsPerRefusal else { return }
        found.append(FieldViolation(field: field, description: description))
    }
}
