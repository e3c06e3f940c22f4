package import SMSModel

/// Where it is durable what carriers have told and no message's life holds: receipts that match no message yet, and
/// messages that people sent to the gateway's numbers. Called by the thread that calls the ``MessageStore``, within the
/// same rounds.
package protocol CarrierStore: AnyObject {
    // MARK: Unmatched receipts

    /// - Throws: `failed` if its id is taken, or it says no more than that the message is on its way.
    func addUnmatched(_ receipt: UnmatchedReceipt) throws(StoreError)
    /// Ids that aren't there are passed over.
    func removeUnmatched(_ ids: [Int64]) throws(StoreError)
    /// All unmatched receipts, by their ids.
    func unmatchedReceipts() throws(StoreError) -> [UnmatchedReceipt]

    // MARK: Inbound messages

    /// Keeps an inbound message under a new id, higher than any before; its own is not looked at.
    /// - Returns: false, and nothing is kept, if that provider's message of that id is there already.
    func insert(_ message: InboundRecord) throws(StoreError) -> Bool
    /// The newest, newest first, `before` one; at most `limit`.
    func inbound(before: Int64?, limit: Int) throws(StoreError) -> [InboundRecord]

    // MARK: Parts of inbound messages

    /// Keeps a part that waits for others under a new id, higher than any before; its own is not looked at.
    /// - Returns: false, and nothing is kept, if that provider's part of that id is there already.
    func insert(_ part: InboundPartRecord) throws(StoreError) -> Bool
    /// The waiting parts of one message, by their ids: with the same provider, sender, recipient, reference and total.
    func waitingParts(like part: InboundPartRecord) throws(StoreError) -> [InboundPartRecord]
    /// The parts that have waited longest, by their ids; at most `limit`.
    func waitingParts(limit: Int) throws(StoreError) -> [InboundPartRecord]
    func waitingPartCount() throws(StoreError) -> Int
    /// Their message is kept: they wait no more, and are known for ``Limits/inboundPartMemoryMilliseconds`` if they come
    /// again.
    func finish(_ parts: [Int64]) throws(StoreError)

    // MARK: Opt-outs at carriers

    /// One that is there already gets the new time and code.
    func remember(_ optOut: CarrierOptOut) throws(StoreError)
    /// Opt-outs that aren't there are passed over.
    func forget(_ optOuts: [CarrierOptOut]) throws(StoreError)
    /// Every opt-out, by tenant, number, provider and sender.
    func carrierOptOuts() throws(StoreError) -> [CarrierOptOut]

    // MARK: Answers to keywords

    /// Keeps an answer instead of the one before to the same person, of the same tenant and number.
    func record(_ reply: OptOutReply) throws(StoreError)
    /// The last one; nil if there was none for a while.
    func lastReply(to number: UInt64, of tenant: TenantID, from ownNumber: String) throws(StoreError) -> OptOutReply?
    /// The answers since a time.
    func replies(since time: Int64) throws(StoreError) -> [OptOutReply]
}

/// The text that a tenant has answered a keyword with.
package struct OptOutReply: Hashable, Sendable {
    package var tenant: TenantID
    /// The person's: E.164 without the `+`, as a number.
    package var number: UInt64
    /// The number that it is from, without a plus.
    package var ownNumber: String
    /// Milliseconds since the Unix epoch.
    package var at: Int64
    package var message: MessageID
    /// The number of the provider that it goes by.
    package var provider: UInt8

    package init(
        tenant: TenantID, number: UInt64, ownNumber: String, at: Int64, message: MessageID, provider: UInt8
    ) {
        self.tenant = tenant
        self.number = number
        self.ownNumber = ownNumber
        self.at = at
        self.message = message
        self.provider = provider
    }
}

/// A part of a long message that somebody sent to one of the gateway's numbers, while it waits for the others.
package struct InboundPartRecord: Hashable, Sendable {
    /// Given by the store, rising.
    package var id: Int64
    /// When it came, in milliseconds since the Unix epoch.
    package var at: Int64
    /// The provider's number.
    package var provider: UInt8
    /// The provider's id of the part; "" = it gave none.
    package var providerID: String
    /// The texts as the carrier wrote them.
    package var sender: String
    package var recipient: String
    /// The carrier's name for the group of numbers that the recipient is of; "" = none.
    package var service: String
    package var part: InboundPart
    package var body: String

    package init(
        id: Int64 = 0, at: Int64, provider: UInt8, providerID: String, sender: String, recipient: String,
        service: String = "", part: InboundPart, body: String
    ) {
        self.id = id
        self.at = at
        self.provider = provider
        self.providerID = providerID
        self.sender = sender
        self.recipient = recipient
        self.service = service
        self.part = part
        self.body = body
    }
}

/// A recipient whom a carrier refuses because they have opted out there of what a sender sends.
package struct CarrierOptOut: Hashable, Sendable {
    package var tenant: TenantID
    /// E.164 without the `+`, as a number.
    package var number: UInt64
    /// The provider's number.
    package var provider: UInt8
    /// The sender as messages name it; "" = the provider's own.
    package var sender: String
    /// When the carrier said so last, in milliseconds since the Unix epoch.
    package var at: Int64
    /// The carrier's.
    package var code: String

    package init(tenant: TenantID, number: UInt64, provider: UInt8, sender: String, at: Int64, code: String) {
        self.tenant = tenant
        self.number = number
        self.provider = provider
        self.sender = sender
        self.at = at
        self.code = code
    }
}

/// A receipt that matches no message yet: the provider's answer, which tells its id, may be on its way still.
package struct UnmatchedReceipt: Hashable, Sendable {
    /// Rising with the time at which it came.
    package var id: Int64
    /// When it came, in milliseconds since the Unix epoch.
    package var at: Int64
    /// The provider's number.
    package var provider: UInt8
    /// 1 to ``Limits/providerIDBytes`` bytes.
    package var providerID: String
    /// Delivered or undelivered.
    package var status: ReceiptStatus

    package init(id: Int64, at: Int64, provider: UInt8, providerID: String, status: ReceiptStatus) {
        self.id = id
        self.at = at
        self.provider = provider
        self.providerID = providerID
        self.status = status
    }
}

/// A message that somebody sent to one of the gateway's numbers.
package struct InboundRecord: Hashable, Sendable {
    /// Given by the store, rising.
    package var id: Int64
    /// When it came, in milliseconds since the Unix epoch.
    package var at: Int64
    /// The provider's number.
    package var provider: UInt8
    /// The provider's id; "" = it gave none, and the message is never taken for one that is there.
    package var providerID: String
    /// The texts as the carrier wrote them.
    package var sender: String
    package var recipient: String
    /// "" also once retention has taken it away.
    package var body: String
    /// What came with it; at most ``Limits/inboundMedia``. Retention takes it away with the body.
    package var media: [InboundMedia]

    package init(
        id: Int64 = 0, at: Int64, provider: UInt8, providerID: String, sender: String, recipient: String, body: String,
        media: [InboundMedia] = []
    ) {
        self.id = id
        self.at = at
        self.provider = provider
        self.providerID = providerID
        self.sender = sender
        self.recipient = recipient
        self.body = body
        self.media = media
    }
}
