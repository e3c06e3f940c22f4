internal import CApusProto
package import SMSModel

package struct ConfigShowRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigShowRequest"

    /// 0 = the newest.
    package var generation: UInt32
    /// Only objects of this kind; "" = all.
    package var kind: String
    /// Only this one of the kind; "" = all.
    package var name: String

    package init(generation: UInt32 = 0, kind: String = "", name: String = "") {
        self.generation = generation
        self.kind = kind
        self.name = name
    }

    /// - Throws: INVALID_ARGUMENT also for a name without a kind.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_show_request__unpack).pointee
        var check = TextChecker()
        generation = c.generation
        kind = check.string(c.kind, "kind")
        check.atMost(Limits.configurationKindBytes, UnsafeRawBufferPointer(c.kind), "kind")
        name = check.string(c.name, "name")
        check.atMost(Limits.tenantNameCharacters, UnsafeRawBufferPointer(c.name), "name")
        if !name.isEmpty, kind.isEmpty { check.record("kind", "is needed together with name") }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__config_show_request__init)
        c.pointee.generation = generation
        c.pointee.kind = scratch.text(kind)
        c.pointee.name = scratch.text(name)
        output.pack(c)
    }
}

package struct ConfigShowResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigShowResponse"

    package var generation: UInt32
    /// JSON.
    package var document: String

    package init(generation: UInt32, document: String) {
        self.generation = generation
        self.document = document
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_show_response__unpack).pointee
        generation = c.generation
        document = String(lenient: c.document)
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__config_show_response__init)
        c.pointee.generation = generation
        c.pointee.document = output.scratch.text(document)
        output.pack(c)
    }
}

package struct ConfigApplyRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigApplyRequest"

    /// JSON.
    package var document: String
    /// What the document doesn't name stays.
    package var isPartial: Bool
    package var isDryRun: Bool
    /// The generation that must be the newest; 0 = whichever it is.
    package var ifGeneration: UInt32
    package var note: String
    /// Whether providers and routes may be removed.
    package var mayRemove: Bool

    package init(
        document: String, isPartial: Bool = false, isDryRun: Bool = false, ifGeneration: UInt32 = 0, note: String = "",
        mayRemove: Bool = false
    ) {
        self.mayRemove = mayRemove
        self.document = document
        self.isPartial = isPartial
        self.isDryRun = isDryRun
        self.ifGeneration = ifGeneration
        self.note = note
    }

    /// - Throws: INVALID_ARGUMENT also for an empty document, and for what is above its bound. What the document says
    ///   is for the gateway to check.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_apply_request__unpack).pointee
        var check = TextChecker()
        document = check.string(c.document, "document")
        check.atMost(Limits.configurationBytes, UnsafeRawBufferPointer(c.document), "document")
        if document.isEmpty { check.record("document", "is empty") }
        isPartial = c.partial != 0
        isDryRun = c.dry_run != 0
        ifGeneration = c.if_generation
        mayRemove = c.remove != 0
        note = check.note(c.note)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__config_apply_request__init)
        c.pointee.document = scratch.text(document)
        c.pointee.partial = isPartial ? 1 : 0
        c.pointee.dry_run = isDryRun ? 1 : 0
        c.pointee.if_generation = ifGeneration
        c.pointee.note = scratch.text(note)
        c.pointee.remove = mayRemove ? 1 : 0
        output.pack(c)
    }
}

package struct ConfigRollbackRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigRollbackRequest"

    package var toGeneration: UInt32
    package var isDryRun: Bool
    package var note: String

    package init(toGeneration: UInt32, isDryRun: Bool = false, note: String = "") {
        self.toGeneration = toGeneration
        self.isDryRun = isDryRun
        self.note = note
    }

    /// - Throws: INVALID_ARGUMENT also without a generation.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_rollback_request__unpack).pointee
        var check = TextChecker()
        toGeneration = c.to_generation
        if toGeneration == 0 { check.record("to_generation", "is missing") }
        isDryRun = c.dry_run != 0
        note = check.note(c.note)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__config_rollback_request__init)
        c.pointee.to_generation = toGeneration
        c.pointee.dry_run = isDryRun ? 1 : 0
        c.pointee.note = output.scratch.text(note)
        output.pack(c)
    }
}

/// One object's step from a generation to the next.
package struct ConfigChange: Hashable, Sendable {
    package var kind: String
    package var name: String
    /// JSON; "" = there was none.
    package var before: String
    /// JSON; "" = it is removed.
    package var after: String

    package init(kind: String, name: String, before: String, after: String) {
        self.kind = kind
        self.name = name
        self.before = before
        self.after = after
    }
}

/// The answer to Apply and to Rollback.
package struct ConfigApplyResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigApplyResponse"

    /// The new one; the newest if nothing changed, or after a dry run.
    package var generation: UInt32
    package var changes: [ConfigChange]

    package init(generation: UInt32, changes: [ConfigChange]) {
        self.generation = generation
        self.changes = changes
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_apply_response__unpack).pointee
        generation = c.generation
        changes = ConfigChange.list(c.changes, c.n_changes)
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__config_apply_response__init)
        c.pointee.generation = generation
        c.pointee.n_changes = changes.count
        c.pointee.changes = scratch.messages(changes) { $0.layOut(in: scratch) }
        output.pack(c)
    }

    /// With the first half of the changes.
    package func shortened() -> ConfigApplyResponse? {
        guard !changes.isEmpty else { return nil }
        return ConfigApplyResponse(generation: generation, changes: Array(changes.prefix(changes.count / 2)))
    }
}

package struct ConfigHistoryRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigHistoryRequest"

    /// Generations of the page; 0 = ``Limits/generationsDefault``.
    package var limit: UInt32
    /// Only generations below it; 0 = the newest.
    package var before: UInt32

    package init(limit: UInt32 = 0, before: UInt32 = 0) {
        self.limit = limit
        self.before = before
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_history_request__unpack).pointee
        var check = TextChecker()
        limit = c.limit
        check.atMost(Limits.generations, limit, "limit")
        before = c.before
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__config_history_request__init)
        c.pointee.limit = limit
        c.pointee.before = before
        output.pack(c)
    }
}

package struct ConfigHistoryResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ConfigHistoryResponse"

    package struct Generation: Hashable, Sendable {
        package var number: UInt32
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        package var actor: String
        package var peer: String
        package var note: String
        package var changes: [ConfigChange]

        package init(
            number: UInt32, at: Int64, actor: String, peer: String, note: String, changes: [ConfigChange] = []
        ) {
            self.number = number
            self.at = at
            self.actor = actor
            self.peer = peer
            self.note = note
            self.changes = changes
        }
    }

    /// Newest first.
    package var generations: [Generation]

    package init(generations: [Generation]) {
        self.generations = generations
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__config_history_response__unpack).pointee
        generations = (0..<c.n_generations).map {
            let g = c.generations[$0]!.pointee
            return Generation(
                number: g.number, at: g.at_ms, actor: String(lenient: g.actor), peer: String(lenient: g.peer),
                note: String(lenient: g.note), changes: ConfigChange.list(g.changes, g.n_changes))
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__config_history_response__init)
        c.pointee.n_generations = generations.count
        c.pointee.generations = scratch.messages(generations) { generation in
            let g = scratch.make(apus__v1__generation__init)
            g.pointee.number = generation.number
            g.pointee.at_ms = generation.at
            g.pointee.actor = scratch.text(generation.actor)
            g.pointee.peer = scratch.text(generation.peer)
            g.pointee.note = scratch.text(generation.note)
            g.pointee.n_changes = generation.changes.count
            g.pointee.changes = scratch.messages(generation.changes) { $0.layOut(in: scratch) }
            return g
        }
        output.pack(c)
    }

    /// Without the changes; then the newer half.
    package func shortened() -> ConfigHistoryResponse? {
        var shorter = self
        if generations.contains(where: { !$0.changes.isEmpty }) {
            for index in generations.indices { shorter.generations[index].changes = [] }
            return shorter
        }
        guard generations.count > 1 else { return nil }
        shorter.generations.removeLast((generations.count + 1) / 2)
        return shorter
    }
}

extension ConfigChange {
    fileprivate static func list(
        _ changes: UnsafeMutablePointer<UnsafeMutablePointer<Apus__V1__ConfigChange>?>?, _ count: Int
    ) -> [ConfigChange] {
        (0..<count).map {
            let change = changes![$0]!.pointee
            return ConfigChange(
                kind: String(lenient: change.kind), name: String(lenient: change.name),
                before: String(lenient: change.before), after: String(lenient: change.after))
        }
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__ConfigChange> {
        let c = arena.make(apus__v1__config_change__init)
        c.pointee.kind = arena.text(kind)
        c.pointee.name = arena.text(name)
        c.pointee.before = arena.text(before)
        c.pointee.after = arena.text(after)
        return c
    }
}

extension TextChecker {
    /// The caller's own words.
    mutating func note(_ data: ProtobufCBinaryData) -> String {
        atMost(Limits.noteBytes, UnsafeRawBufferPointer(data), "note")
        return string(data, "note")
    }
}
