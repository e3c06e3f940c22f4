internal import CApusProto
package import SMSModel

/// Has the sandbox bring a message from a person, as a carrier would.
package struct SandboxReceiveRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "SandboxReceiveRequest"

    /// "" = the only one of its kind.
    package var provider: String
    /// "" = a new message.
    package var providerID: String
    package var from: String
    package var to: String
    package var body: String
    package var media: [InboundMedia]
    /// nil = it is the whole message.
    package var part: InboundPart?

    package init(
        provider: String = "", providerID: String = "", from: String, to: String, body: String,
        media: [InboundMedia] = [], part: InboundPart? = nil
    ) {
        self.provider = provider
        self.providerID = providerID
        self.from = from
        self.to = to
        self.body = body
        self.media = media
        self.part = part
    }

    /// - Throws: INVALID_ARGUMENT also for what is missing or above its bound.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__sandbox_receive_request__unpack).pointee
        var check = TextChecker()
        provider = check.string(c.provider, "provider")
        check.atMost(Limits.webhookNameBytes, UnsafeRawBufferPointer(c.provider), "provider")
        providerID = check.string(c.provider_id, "provider_id")
        check.atMost(Limits.providerIDBytes, UnsafeRawBufferPointer(c.provider_id), "provider_id")
        from = check.string(c.from, "from")
        to = check.string(c.to, "to")
        for (text, field) in [(c.from, "from"), (c.to, "to")] {
            let bytes = UnsafeRawBufferPointer(text)
            check.atMost(Limits.inboundNumberBytes, bytes, field)
            if bytes.isEmpty { check.record(field, "is empty") }
        }
        body = check.string(c.body, "body")
        check.atMost(Limits.inboundBodyBytes, UnsafeRawBufferPointer(c.body), "body")
        media = []
        if c.n_media > Limits.inboundMedia {
            check.record("media", "has more than \(Limits.inboundMedia) items")
        } else {
            for place in 0..<c.n_media {
                let file = c.media[place]!.pointee
                let field = "media[\(place)]"
                check.atMost(Limits.inboundMediaURLBytes, UnsafeRawBufferPointer(file.url), "\(field).url")
                check.atMost(
                    Limits.inboundMediaTypeBytes, UnsafeRawBufferPointer(file.content_type), "\(field).content_type")
                media.append(
                    InboundMedia(
                        url: check.string(file.url, "\(field).url"),
                        contentType: check.string(file.content_type, "\(field).content_type")))
            }
        }
        let reference = check.string(c.part_reference, "part_reference")
        if !reference.isEmpty || c.part_total > 0 || c.part_number > 0 {
            part = InboundPart(reference: reference, total: Int(c.part_total), number: Int(c.part_number))
            if part == nil {
                check.record(
                    "part_number",
                    "must be 1 to part_total, which is 2 to \(Limits.inboundParts), with a part_reference of "
                        + "1 to \(Limits.inboundReferenceBytes) bytes")
            }
        }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__sandbox_receive_request__init)
        c.pointee.provider = scratch.text(provider)
        c.pointee.provider_id = scratch.text(providerID)
        c.pointee.from = scratch.text(from)
        c.pointee.to = scratch.text(to)
        c.pointee.body = scratch.text(body)
        c.pointee.n_media = media.count
        c.pointee.media = scratch.messages(media) { $0.layOut(in: scratch) }
        if let part {
            c.pointee.part_reference = scratch.text(part.reference)
            c.pointee.part_total = UInt32(part.total)
            c.pointee.part_number = UInt32(part.number)
        }
        output.pack(c)
    }
}

package struct SandboxReceiveResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "SandboxReceiveResponse"

    /// The name of the provider that brought it.
    package var provider: String

    package init(provider: String) {
        self.provider = provider
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__sandbox_receive_response__unpack).pointee
        provider = String(lenient: c.provider)
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__sandbox_receive_response__init)
        c.pointee.provider = output.scratch.text(provider)
        output.pack(c)
    }
}
