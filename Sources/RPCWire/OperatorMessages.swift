internal import CApusProto
package import SMSModel

/// The request of Pause and of Resume.
package struct PauseRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "PauseRequest"

    package enum Subject: Hashable, Sendable {
        case everything
        case provider(String)
        case batchName(String)
        case batchID(BatchID)
        case tenant(String)
    }

    package var subject: Subject

    package init(_ subject: Subject) {
        self.subject = subject
    }

    /// - Throws: INVALID_ARGUMENT also if more than one subject is given.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__pause_request__unpack).pointee
        var check = TextChecker()
        let provider = check.string(c.provider, "provider")
        let batch = check.string(c.batch, "batch")
        check.atMost(Limits.batchNameBytes, UnsafeRawBufferPointer(c.batch), "batch")
        let tenant = check.string(c.tenant, "tenant")
        check.atMost(Limits.tenantNameCharacters, UnsafeRawBufferPointer(c.tenant), "tenant")
        if [!provider.isEmpty, !batch.isEmpty, c.batch_id != 0, !tenant.isEmpty].count(where: \.self) > 1 {
            check.record("provider", "at most one of provider, batch, batch_id and tenant may be given")
        }
        try check.finish()
        if !provider.isEmpty {
            subject = .provider(provider)
        } else if !batch.isEmpty {
            subject = .batchName(batch)
        } else if !tenant.isEmpty {
            subject = .tenant(tenant)
        } else {
            subject = c.batch_id == 0 ? .everything : .batchID(BatchID(rawValue: c.batch_id))
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__pause_request__init)
        switch subject {
        case .everything: break
        case .provider(let name): c.pointee.provider = scratch.text(name)
        case .batchName(let name): c.pointee.batch = scratch.text(name)
        case .batchID(let id): c.pointee.batch_id = id.rawValue
        case .tenant(let name): c.pointee.tenant = scratch.text(name)
        }
        output.pack(c)
    }
}

/// What is paused after a Pause or Resume.
package struct PauseResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "PauseResponse"
    /// "everything", "provider NAME", "tenant NAME", "batch ID".
    package var paused: [String]

    package init(paused: [String]) {
        self.paused = paused
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__pause_response__unpack).pointee
        paused = (0..<c.n_paused).map { String(lenient: c.paused[$0]) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__pause_response__init)
        c.pointee.n_paused = paused.count
        c.pointee.paused = scratch.texts(paused)
        output.pack(c)
    }

    /// With the first half of the list.
    package func shortened() -> PauseResponse? {
        paused.isEmpty ? nil : PauseResponse(paused: Array(paused.prefix(paused.count / 2)))
    }
}

package struct SandboxRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SandboxRequest"

    /// The newest of them, this many; 0 = 100.
    package var limit: UInt32
    /// Only this recipient; "" = all.
    package var to: String

    package init(limit: UInt32 = 0, to: String = "") {
        self.limit = limit
        self.to = to
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__sandbox_request__unpack).pointee
        var check = TextChecker()
        limit = c.limit
        to = check.string(c.to, "to")
        if limit > Limits.sandboxRecords { check.record("limit", "is above \(Limits.sandboxRecords)") }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__sandbox_request__init)
        c.pointee.limit = limit
        c.pointee.to = scratch.text(to)
        output.pack(c)
    }
}

package struct SandboxResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "SandboxResponse"

    /// Oldest first.
    package var records: [SandboxRecord]
    /// Taken since the daemon started.
    package var total: UInt64

    package init(records: [SandboxRecord], total: UInt64) {
        self.records = records
        self.total = total
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__sandbox_response__unpack).pointee
        records = []
        for index in 0..<c.n_records { records.append(SandboxRecord(c.records[index]!.pointee)) }
        total = c.total
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__sandbox_response__init)
        c.pointee.n_records = records.count
        c.pointee.records = scratch.messages(records) { $0.layOut(in: scratch) }
        c.pointee.total = total
        output.pack(c)
    }

    /// With the newer half of the records.
    package func shortened() -> SandboxResponse? {
        guard !records.isEmpty else { return nil }
        var shorter = self
        shorter.records.removeFirst((records.count + 1) / 2)
        return shorter
    }
}

extension SandboxRecord {
    init(_ c: Apus__V1__SandboxRecord) {
        self.init(
            at: c.at_ms, id: MessageID(rawValue: c.id), attempt: Int(c.attempt), to: String(lenient: c.to),
            sender: String(lenient: c.sender), body: String(lenient: c.body), segments: Int(c.segments),
            encoding: knownEnum(c.encoding.rawValue) ?? .gsm7, providerID: String(lenient: c.provider_id),
            outcome: String(lenient: c.outcome))
        unknownEncoding = unknownNumber(c.encoding.rawValue, Encoding.self)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__SandboxRecord> {
        let c = arena.make(apus__v1__sandbox_record__init)
        c.pointee.at_ms = at
        c.pointee.id = id.rawValue
        c.pointee.attempt = UInt32(attempt)
        c.pointee.to = arena.text(to)
        c.pointee.sender = arena.text(sender)
        c.pointee.body = arena.text(body)
        c.pointee.segments = UInt32(segments)
        c.pointee.encoding = Apus__V1__Encoding(rawValue: wireNumber(encoding, unknownEncoding))
        c.pointee.provider_id = arena.text(providerID)
        c.pointee.outcome = arena.text(outcome)
        return c
    }
}
