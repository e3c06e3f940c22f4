internal import CApusProto
package import SMSModel

package struct AuditRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "AuditRequest"

    /// Entries of the page; 0 = ``Limits/auditEntriesDefault``.
    package var limit: UInt32
    /// Only entries with a lower id; 0 = the newest.
    package var before: Int64

    package init(limit: UInt32 = 0, before: Int64 = 0) {
        self.limit = limit
        self.before = before
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__audit_request__unpack).pointee
        var check = TextChecker()
        limit = c.limit
        check.atMost(Limits.auditEntries, limit, "limit")
        before = c.before
        if before < 0 { check.record("before", "is negative") }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__audit_request__init)
        c.pointee.limit = limit
        c.pointee.before = before
        output.pack(c)
    }
}

package struct AuditResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "AuditResponse"

    package struct Entry: Hashable, Sendable {
        package var id: Int64
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        package var actor: String
        package var peer: String
        package var verb: String
        package var subject: String
        /// JSON; "" = there was none.
        package var before: String
        /// JSON; "" = there is none.
        package var after: String
        package var note: String

        package init(
            id: Int64, at: Int64, actor: String, peer: String, verb: String, subject: String, before: String = "",
            after: String = "", note: String = ""
        ) {
            self.id = id
            self.at = at
            self.actor = actor
            self.peer = peer
            self.verb = verb
            self.subject = subject
            self.before = before
            self.after = after
            self.note = note
        }
    }

    /// Newest first.
    package var entries: [Entry]

    package init(entries: [Entry]) {
        self.entries = entries
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__audit_response__unpack).pointee
        entries = (0..<c.n_entries).map { Entry(c.entries[$0]!.pointee) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__audit_response__init)
        c.pointee.n_entries = entries.count
        c.pointee.entries = scratch.messages(entries) { $0.layOut(in: scratch) }
        output.pack(c)
    }

    /// The newer half of the page; of one entry, what was before and after is left out.
    package func shortened() -> AuditResponse? {
        var shorter = self
        if entries.count > 1 {
            shorter.entries.removeLast(entries.count / 2)
            return shorter
        }
        guard let only = entries.first, !only.before.isEmpty || !only.after.isEmpty else { return nil }
        shorter.entries[0].before = ""
        shorter.entries[0].after = ""
        return shorter
    }
}

extension AuditResponse.Entry {
    fileprivate init(_ c: Apus__V1__AuditEntry) {
        self.init(
            id: c.id, at: c.at_ms, actor: String(lenient: c.actor), peer: String(lenient: c.peer),
            verb: String(lenient: c.verb), subject: String(lenient: c.subject), before: String(lenient: c.before),
            after: String(lenient: c.after), note: String(lenient: c.note))
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__AuditEntry> {
        let c = arena.make(apus__v1__audit_entry__init)
        c.pointee.id = id
        c.pointee.at_ms = at
        c.pointee.actor = arena.text(actor)
        c.pointee.peer = arena.text(peer)
        c.pointee.verb = arena.text(verb)
        c.pointee.subject = arena.text(subject)
        c.pointee.before = arena.text(before)
        c.pointee.after = arena.text(after)
        c.pointee.note = arena.text(note)
        return c
    }
}
