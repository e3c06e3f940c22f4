internal import CApusProto
package import SMSModel

/// A Bulk as it came off the wire: borrowed until the arena is reset, items are looked at one at a time.
///
/// Bounds of the whole chunk are checked by ``init(decoding:arena:)``; a bad item is refused alone,
/// by ``message(at:)`` and ``recipient(at:)``.
package struct BulkRequestView {
    package static let wireName = "BulkRequest"

    package let batch: UnsafeRawBufferPointer
    package let firstIndex: UInt64
    /// Messages, or recipients of the template.
    package let count: Int
    /// The items are only checked; there is no batch then.
    package let isDryRun: Bool
    /// What all recipients get, without `to`; nil for a chunk of messages.
    package let template: SubmitRequest?
    private let c: UnsafeMutablePointer<Apus__V1__BulkRequest>

    /// - Throws: INVALID_ARGUMENT if the chunk as a whole is malformed, is empty or too long, or has both
    ///   messages and a template, or if its template has bad texts.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        c = try arena.unpack(payload, as: Self.wireName, apus__v1__bulk_request__unpack)
        var check = TextChecker()
        batch = check.view(c.pointee.batch, "batch")
        check.atMost(Limits.batchNameBytes, batch, "batch")
        isDryRun = c.pointee.dry_run != 0
        if batch.isEmpty != isDryRun {
            check.record("batch", isDryRun ? "is given, though a dry run makes none" : "is missing")
        }
        firstIndex = c.pointee.first_index
        if firstIndex > Limits.batchIndex { check.record("first_index", "is above \(Limits.batchIndex)") }
        let messages = c.pointee.n_messages
        let recipients = c.pointee.template_?.pointee.n_recipients ?? 0
        count = c.pointee.template_ == nil ? messages : recipients
        if c.pointee.template_ != nil, messages > 0 {
            check.record("template", "is given together with messages")
        } else if count == 0 {
            check.record(c.pointee.template_ == nil ? "messages" : "template.recipients", "is empty")
        } else if count > Limits.bulkMessages {
            check.record(
                c.pointee.template_ == nil ? "messages" : "template.recipients",
                "has more than \(Limits.bulkMessages) items")
        }
        if let t = c.pointee.template_ {
            let variables = (0..<min(recipients, Limits.bulkMessages)).reduce(0) {
                $0 + t.pointee.recipients[$1]!.pointee.n_variables
            }
            if variables > Limits.bulkVariables {
                check.record("template.recipients", "have more than \(Limits.bulkVariables) variables")
            }
            if let message = t.pointee.message {
                template = try SubmitRequest(message, path: "template.message.")
            } else {
                template = SubmitRequest()
                check.record("template.message", "is missing")
            }
        } else {
            template = nil
        }
        try check.finish()
    }

    /// The item at `index` of a chunk of messages.
    ///
    /// - Throws: INVALID_ARGUMENT with the names of the item's own fields, for that item alone.
    @inline(__always)
    package func message(at index: Int) throws(GatewayError) -> SubmitRequest {
        precondition(index < c.pointee.n_messages)
        return try SubmitRequest(c.pointee.messages[index]!, path: "")
    }

    /// The recipient at `index` of a template.
    ///
    /// - Throws: INVALID_ARGUMENT for that recipient alone.
    package func recipient(at index: Int) throws(GatewayError) -> RecipientView {
        let t = c.pointee.template_!
        precondition(index < t.pointee.n_recipients)
        return try RecipientView(t.pointee.recipients[index]!)
    }
}

/// One recipient of a template and its variables: borrowed until the arena is reset.
package struct RecipientView {
    package let to: UnsafeRawBufferPointer
    private let c: UnsafeMutablePointer<Apus__V1__Recipient>

    init(_ c: UnsafeMutablePointer<Apus__V1__Recipient>) throws(GatewayError) {
        self.c = c
        var check = TextChecker()
        to = check.view(c.pointee.to, "to")
        if c.pointee.n_variables > Limits.templateVariables {
            check.record("variables", "has more than \(Limits.templateVariables) items")
        } else {
            for index in 0..<c.pointee.n_variables {
                let variable = c.pointee.variables[index]!
                _ = check.view(variable.pointee.name, "variables[\(index)].name")
                _ = check.view(variable.pointee.value, "variables[\(index)].value")
            }
        }
        try check.finish()
    }

    package var variableCount: Int { c.pointee.n_variables }

    package func variable(at index: Int) -> TemplateVariable {
        precondition(index < c.pointee.n_variables)
        let variable = c.pointee.variables[index]!.pointee
        return TemplateVariable(
            name: UnsafeRawBufferPointer(variable.name), value: UnsafeRawBufferPointer(variable.value))
    }
}

/// A Bulk as a client writes it: it owns its texts.
package struct BulkRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "BulkRequest"

    package struct Recipient: Hashable, Sendable {
        package var to: String
        package var variables: [Variable]

        package init(to: String, variables: [Variable] = []) {
            self.to = to
            self.variables = variables
        }
    }

    package struct Variable: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Content: Hashable, Sendable {
        case messages([SendRequest])
        case template(SendRequest, [Recipient])
    }

    package var batch: String
    /// The index of the chunk's first message in the batch.
    package var firstIndex: UInt64
    package var content: Content
    /// Nothing is accepted; ``batch`` is empty then.
    package var isDryRun: Bool

    package init(batch: String, firstIndex: UInt64, content: Content, isDryRun: Bool = false) {
        self.batch = batch
        self.firstIndex = firstIndex
        self.content = content
        self.isDryRun = isDryRun
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__bulk_request__unpack).pointee
        batch = String(lenient: c.batch)
        firstIndex = c.first_index
        isDryRun = c.dry_run != 0
        if let template = c.template_?.pointee {
            let recipients = (0..<template.n_recipients).map { index in
                let recipient = template.recipients[index]!.pointee
                return Recipient(
                    to: String(lenient: recipient.to),
                    variables: (0..<recipient.n_variables).map {
                        let variable = recipient.variables[$0]!.pointee
                        return Variable(name: String(lenient: variable.name), value: String(lenient: variable.value))
                    })
            }
            guard let message = template.message else {
                throw GatewayError(.invalidArgument, "template.message is missing")
            }
            content = .template(
                try SendRequest(SubmitRequest(message, path: "template.message.")), recipients)
        } else {
            var messages: [SendRequest] = []
            messages.reserveCapacity(c.n_messages)
            for index in 0..<c.n_messages {
                messages.append(try SendRequest(SubmitRequest(c.messages[index]!, path: "")))
            }
            content = .messages(messages)
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__bulk_request__init)
        c.pointee.batch = scratch.text(batch)
        c.pointee.first_index = firstIndex
        c.pointee.dry_run = isDryRun ? 1 : 0
        switch content {
        case .messages(let messages):
            c.pointee.n_messages = messages.count
            c.pointee.messages = scratch.messages(messages) { $0.layOut(in: scratch) }
        case .template(let message, let recipients):
            let template = scratch.make(apus__v1__bulk_template__init)
            template.pointee.message = message.layOut(in: scratch)
            template.pointee.n_recipients = recipients.count
            template.pointee.recipients = scratch.messages(recipients) { $0.layOut(in: scratch) }
            c.pointee.template_ = template
        }
        output.pack(c)
    }
}

extension BulkRequest.Recipient {
    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__Recipient> {
        let c = arena.make(apus__v1__recipient__init)
        c.pointee.to = arena.text(to)
        c.pointee.n_variables = variables.count
        c.pointee.variables = arena.messages(variables) { variable in
            let v = arena.make(apus__v1__variable__init)
            v.pointee.name = arena.text(variable.name)
            v.pointee.value = arena.text(variable.value)
            return v
        }
        return c
    }
}

/// The answer to Bulk.
package struct BulkResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "BulkResponse"

    package struct Refusal: Hashable, Sendable {
        /// Position in the chunk.
        package var item: UInt32
        package var status: StatusCode
        package var message: String
        package var violations: [FieldViolation]

        package init(item: UInt32, status: StatusCode, message: String, violations: [FieldViolation] = []) {
            self.item = item
            self.status = status
            self.message = message
            self.violations = violations
        }
    }

    package var batch: BatchID
    package var accepted: UInt32
    package var duplicates: UInt32
    package var refused: UInt32
    /// One an item, in order; 0 = refused.
    package var ids: [UInt64]
    package var duplicateItems: [UInt32]
    /// Cut so that the frame holds it: ``refused`` is the true count.
    package var refusals: [Refusal]
    /// nil unless it was a dry run.
    package var dryRun: DryRunResult?

    package init(
        batch: BatchID, accepted: UInt32 = 0, duplicates: UInt32 = 0, refused: UInt32 = 0, ids: [UInt64] = [],
        duplicateItems: [UInt32] = [], refusals: [Refusal] = []
    ) {
        self.batch = batch
        self.accepted = accepted
        self.duplicates = duplicates
        self.refused = refused
        self.ids = ids
        self.duplicateItems = duplicateItems
        self.refusals = refusals
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__bulk_response__unpack).pointee
        batch = BatchID(rawValue: c.batch_id)
        accepted = c.accepted
        duplicates = c.duplicates
        refused = c.refused
        ids = Array(UnsafeBufferPointer(start: c.ids, count: c.n_ids))
        duplicateItems = Array(UnsafeBufferPointer(start: c.duplicate_items, count: c.n_duplicate_items))
        refusals = (0..<c.n_refusals).map { index in
            let refusal = c.refusals[index]!.pointee
            return Refusal(
                item: refusal.item,
                status: UInt16(exactly: refusal.status).flatMap(StatusCode.init) ?? .unknown,
                message: String(lenient: refusal.message),
                violations: (0..<refusal.n_violations).map { FieldViolation(refusal.violations[$0]!.pointee) })
        }
        dryRun = c.dry_run.map { DryRunResult($0.pointee) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__bulk_response__init)
        c.pointee.batch_id = batch.rawValue
        c.pointee.accepted = accepted
        c.pointee.duplicates = duplicates
        c.pointee.refused = refused
        c.pointee.n_ids = ids.count
        c.pointee.ids = scratch.numbers(ids)
        c.pointee.n_duplicate_items = duplicateItems.count
        c.pointee.duplicate_items = scratch.numbers(duplicateItems)
        c.pointee.n_refusals = refusals.count
        c.pointee.refusals = scratch.messages(refusals) { refusal in
            let r = scratch.make(apus__v1__refusal__init)
            r.pointee.item = refusal.item
            r.pointee.status = UInt32(refusal.status.rawValue)
            r.pointee.message = scratch.text(refusal.message)
            r.pointee.n_violations = refusal.violations.count
            r.pointee.violations = scratch.messages(refusal.violations) { $0.layOut(in: scratch) }
            return r
        }
        c.pointee.dry_run = dryRun?.layOut(in: scratch)
        output.pack(c)
    }

    /// With the first half of the refusals, and of what a dry run tells of single items.
    package func shortened() -> BulkResponse? {
        let items = dryRun?.items.count ?? 0
        guard !refusals.isEmpty || items > 0 else { return nil }
        var shorter = self
        shorter.refusals.removeLast((refusals.count + 1) / 2)
        shorter.dryRun?.items.removeLast((items + 1) / 2)
        return shorter
    }
}
