internal import CApusProto
package import SMSModel

package struct InboundRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "InboundRequest"
    /// Asks for those to any number.
    package static let everyTenant = "*"

    /// The tenant to whose numbers they came; "" = the caller's.
    package var tenant: String
    /// Messages of the page; 0 = ``Limits/inboundMessagesDefault``.
    package var limit: UInt32
    /// The cursor of the page before; empty = the first page.
    package var cursor: [UInt8]

    package init(tenant: String = "", limit: UInt32 = 0, cursor: [UInt8] = []) {
        self.tenant = tenant
        self.limit = limit
        self.cursor = cursor
    }

    /// - Throws: INVALID_ARGUMENT also for what is above its bound. Whether the cursor can be meant is for the gateway
    ///   to say.
    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__inbound_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        limit = c.limit
        check.atMost(Limits.inboundMessages, limit, "limit")
        let cursor = UnsafeRawBufferPointer(c.cursor)
        check.atMost(Limits.cursorBytes, cursor, "cursor")
        self.cursor = Array(cursor)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__inbound_request__init)
        c.pointee.tenant = output.scratch.text(tenant)
        c.pointee.limit = limit
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }
}

package struct InboundResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "InboundResponse"

    package struct Message: Hashable, Sendable {
        package var id: Int64
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        /// Its name.
        package var provider: String
        package var providerID: String
        /// The numbers as the carrier wrote them.
        package var from: String
        package var to: String
        package var body: String
        package var media: [InboundMedia]

        package init(
            id: Int64, at: Int64, provider: String, providerID: String, from: String, to: String, body: String,
            media: [InboundMedia] = []
        ) {
            self.id = id
            self.at = at
            self.provider = provider
            self.providerID = providerID
            self.from = from
            self.to = to
            self.body = body
            self.media = media
        }
    }

    /// Newest first.
    package var messages: [Message]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    package init(messages: [Message] = [], cursor: [UInt8] = []) {
        self.messages = messages
        self.cursor = cursor
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__inbound_response__unpack).pointee
        messages = (0..<c.n_messages).map {
            let message = c.messages[$0]!.pointee
            return Message(
                id: Int64(bitPattern: message.id), at: message.at_ms, provider: String(lenient: message.provider),
                providerID: String(lenient: message.provider_id), from: String(lenient: message.from),
                to: String(lenient: message.to), body: String(lenient: message.body),
                media: (0..<message.n_media).map { InboundMedia(message.media[$0]!.pointee) })
        }
        cursor = Array(UnsafeRawBufferPointer(c.cursor))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__inbound_response__init)
        c.pointee.n_messages = messages.count
        c.pointee.messages = scratch.messages(messages) { message in
            let m = scratch.make(apus__v1__inbound_message__init)
            m.pointee.id = UInt64(bitPattern: message.id)
            m.pointee.at_ms = message.at
            m.pointee.provider = scratch.text(message.provider)
            m.pointee.provider_id = scratch.text(message.providerID)
            m.pointee.from = scratch.text(message.from)
            m.pointee.to = scratch.text(message.to)
            m.pointee.body = scratch.text(message.body)
            m.pointee.n_media = message.media.count
            m.pointee.media = scratch.messages(message.media) { $0.layOut(in: scratch) }
            return m
        }
        cursor.withUnsafeBytes { bytes in
            c.pointee.cursor = ProtobufCBinaryData(borrowing: bytes)
            output.pack(c)
        }
    }

    /// The first half of the page: what is left out is the next one's.
    package func shortened() -> InboundResponse? {
        guard messages.count > 1 else { return nil }
        let kept = Array(messages.prefix(messages.count / 2))
        return InboundResponse(messages: kept, cursor: InboundCursor(last: kept[kept.count - 1].id).bytes)
    }
}

extension InboundMedia {
    init(_ c: Apus__V1__InboundMedia) {
        self.init(url: String(lenient: c.url), contentType: String(lenient: c.content_type))
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__InboundMedia> {
        let c = arena.make(apus__v1__inbound_media__init)
        c.pointee.url = arena.text(url)
        c.pointee.content_type = arena.text(contentType)
        return c
    }
}
