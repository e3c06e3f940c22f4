internal import Logging
package import SMSModel
internal import Storage

/// The steps of messages, one line each: what their timelines hold too.
extension GatewayLog {
    /// - Parameters:
    ///   - steps: of a round that is durable.
    ///   - now: milliseconds since the Unix epoch.
    func tell(_ steps: MessageSteps, now: Int64) {
        for acceptance in steps.acceptances { tell(acceptance) }
        for change in steps.changes { tell(change, of: steps, now: now) }
    }

    private func tell(_ acceptance: Round.Acceptance) {
        for (offset, result) in acceptance.results.enumerated() {
            // What was not accepted is told by who answers the call.
            guard result.kind == .accepted || result.kind == .duplicate else { continue }
            let draft = acceptance.drafts.drafts[acceptance.start + offset]
            var fields = fields(of: result.id, draft, acceptance.drafts, batch: acceptance.batch)
            fields["state"] = "\(result.state.name)"
            fields["segments"] = "\(draft.segments)"
            let replaced = acceptance.drafts.trace(of: draft).replaced
            if !replaced.isEmpty { fields["replaced"] = "\(replaced)" }
            acceptance.drafts.bytes.withUnsafeBytes { bytes in
                func slice(_ slice: ByteSlice) -> UnsafeRawBufferPointer { .init(rebasing: bytes[slice.range]) }
                fields["to"] = "\(redaction.number(slice(draft.recipient)))"
                fields["body"] = "\(redaction.body(slice(draft.body)))"
            }
            if draft.sendAt > 0 { fields["send_at_ms"] = "\(draft.sendAt)" }
            if draft.generation > 0 { fields["generation"] = "\(draft.generation)" }
            logger.debug(
                result.kind == .accepted ? "message accepted" : "message was accepted before", metadata: fields)
        }
    }

    private func tell(_ change: MessageSteps.Change, of steps: MessageSteps, now: Int64) {
        let lifecycle = change.stored.lifecycle
        for event in lifecycle.events(since: change.mark) {
            var fields: Logger.Metadata
            if let draft = change.draft {
                fields = self.fields(of: lifecycle.id, draft, steps.arena, batch: change.stored.batch)
            } else {
                fields = ["id": "\(lifecycle.id)", "tenant": "\(name(of: change.stored.tenant))"]
            }
            fields["state"] = "\(event.state.name)"
            if event.attempt > 0 { fields["attempt"] = "\(event.attempt)" }
            if let provider = steps.providers[event.provider] { fields["provider"] = "\(provider)" }
            let detail = lifecycle.history.detail(of: event)
            if !detail.isEmpty, let name = event.kind.detailName {
                fields[name] = "\(name == "code" ? redaction.code(in: detail) : detail)"
            }
            // A lost answer does not come any more: such an id is from asking the provider.
            if event.kind == .sent, event.state == .sent, change.mark.accountedState.state == .unknown {
                fields["because"] = "found by look-up"
            }
            if event.state == .unknown, event.kind == .expired || event.kind == .canceled {
                fields["because"] = "an earlier attempt may have been taken"
            }
            if event.state == .queued, lifecycle.state == .queued {
                fields["retry_in_ms"] = "\(max(0, lifecycle.due - now))"
            }
            logger.debug(event.kind.line, metadata: fields)
        }
    }

    private func fields(
        of id: MessageID, _ draft: MessageDraft, _ arena: MessageDrafts, batch: BatchID?
    ) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "id": "\(id)", "tenant": "\(name(of: draft.tenant))", "priority": "\(draft.priority.name)",
        ]
        if let batch { fields["batch"] = "\(batch)" }
        arena.trace(of: draft).add(to: &fields)
        return fields
    }
}

extension MessageTrace {
    package init(requestID: UnsafeRawBufferPointer, traceparent: UnsafeRawBufferPointer) {
        self.init(
            requestID: String(decoding: requestID, as: UTF8.self), context: TraceContext(traceparent: traceparent))
    }

    /// Trace and span by themselves too, so that a collector joins them with those of the caller.
    func add(to fields: inout Logger.Metadata) {
        if !requestID.isEmpty { fields["request_id"] = "\(requestID)" }
        guard let context else { return }
        fields["traceparent"] = "\(context.traceparent)"
        fields["trace_id"] = "\(context.traceID)"
        fields["span_id"] = "\(context.spanID)"
    }
}

extension EventKind {
    /// The words of its line.
    fileprivate var line: Logger.Message {
        switch self {
        case .accepted: "message accepted"
        case .scheduled: "message scheduled"
        case .queued: "message queued"
        case .submitting: "message handed over"
        case .sent: "message sent"
        case .rejected: "message rejected by the provider"
        case .throttled: "message throttled by the provider"
        case .unavailable: "message not taken: the provider is unavailable"
        case .outcomeUnknown: "message perhaps sent: the provider's answer was lost"
        case .delivered: "message delivered"
        case .undelivered: "message undelivered"
        case .failed: "message failed"
        case .expired: "message expired"
        case .canceled: "message canceled"
        case .returned: "message not handed over: the gateway stops"
        case .interrupted: "message perhaps sent: the gateway stopped before the answer"
        case .receiptOverdue: "receipt overdue"
        case .receiptIgnored: "receipt ignored"
        case .restored: "message restored"
        case .resent: "message to be sent again: an operator asked for it"
        case .settled: "message settled by an operator"
        case .priced: "message costs something else than was reserved"
        case .identified: "message known to the provider by a receipt"
        case .partDelivered: "part of the message delivered"
        case .attemptUndelivered: "attempt undelivered"
        case .smartEncoded: "message encoded smartly"
        }
    }

    /// What the detail of such an event is; nil = nothing for a log.
    fileprivate var detailName: String? {
        switch self {
        case .submitting: "because"
        case .sent, .identified: "provider_id"
        case .partDelivered: "part"
        case .priced: "price"
        case .rejected, .unavailable, .outcomeUnknown, .undelivered, .attemptUndelivered, .failed, .receiptIgnored:
            "code"
        default: nil
        }
    }
}
