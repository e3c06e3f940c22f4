internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
package import SMSModel
internal import Storage

/// Messages from people: a tenant sees those to the numbers that it names as its senders; an administrator all.
extension QueryService {
    /// - Parameter cursor: as the page before gave it; empty = the first page.
    package func inbound(
        of selection: TenantSelection, limit: Int?, cursor: [UInt8] = [], for caller: Caller,
        _ reply: @escaping Reply<InboundPage>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
            let owner = try tenants.subject(selection, of: caller)
            // nil = all.
            let numbers = owner.map { ownNumbers($0.id) }
            let before = InboundCursor(bytes: cursor)
            if before == nil, !cursor.isEmpty { throw .badCursor }
            find(in: owner, for: caller, reply) { (reader, _) throws(GatewayError) in
                try reading { () throws(StoreError) in
                    try InboundPage(
                        reader.inbound, before: before?.last, limit: limit ?? Limits.inboundMessagesDefault,
                        to: numbers)
                }
            }
        } catch {
            reply(.failure(error))
        }
    }
}

/// A page of messages from people, newest first.
package struct InboundPage: Hashable, Sendable {
    package struct Message: Hashable, Sendable {
        package var id: Int64
        /// Milliseconds since the Unix epoch.
        package var at: Int64
        /// The provider's name.
        package var provider: String
        package var providerID: String
        /// The value as the carrier wrote it.
        package var sender: String
        /// The value as the carrier wrote it.
        package var recipient: String
        package var body: String
        package var media: [InboundMedia]
    }

    package var messages: [Message] = []
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8] = []

    /// - Parameter numbers: those to them; nil = all.
    init(_ reader: InboundReader, before: Int64?, limit: Int, to numbers: Set<OwnNumber>?) throws(StoreError) {
        if let numbers, numbers.isEmpty { return }
        let page = try reader.page(before: before, limit: limit, examined: Limits.listRowsExamined) { recipient in
            numbers?.contains(OwnNumber(recipient)) ?? true
        }
        let names = try reader.providers()
        messages = page.messages.map {
            Message(
                id: $0.id, at: $0.at, provider: names[$0.provider] ?? "", providerID: $0.providerID, sender: $0.sender,
                recipient: $0.recipient, body: $0.body, media: $0.media)
        }
        cursor = page.next.map { InboundCursor(last: $0).bytes } ?? []
    }
}
