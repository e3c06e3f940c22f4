package import SMSModel

/// Where it is durable what carriers have told and no message's life holds: receipts that match no message yet, and
/// messages that people sent to the gateway's numbers. Called by the thread that calls the ``MessageStore``, within the
/// same rounds.
package protocol CarrierStore: AnyObject {
    // MARK: Parked receipts

    /// - Throws: `failed` if its id is taken, or it says no more than that the message is on its way.
    func park(_ receipt: ParkedReceipt) throws(StoreError)
    /// Those that aren't there are passed over.
    func unpark(_ ids: [Int64]) throws(StoreError)
    /// By their ids.
    func parkedReceipts() throws(StoreError) -> [ParkedReceipt]

    // MARK: Inbound messages

    /// Keeps an inbound message under a new id, higher than any before; its own is not looked at.
    /// - Returns: false, and nothing is kept, if that provider's message of that id is there already.
    func insert(_ message: InboundRecord) throws(StoreError) -> Bool
    /// The newest, newest first, `before` one; at most `limit`.
    func inbound(before: Int64?, limit: Int) throws(StoreError) -> [InboundRecord]
}

/// A receipt that matches no message yet: the provider's answer, which tells its id, may be on its way still.
package struct ParkedReceipt: Hashable, Sendable {
    /// Rising with the time at which it was parked.
    package var id: Int64
    /// When it was parked, in milliseconds since the Unix epoch.
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
    /// As the carrier wrote them.
    package var sender: String
    package var recipient: String
    /// "" also once retention has taken it away.
    package var body: String

    package init(
        id: Int64 = 0, at: Int64, provider: UInt8, providerID: String, sender: String, recipient: String, body: String
    ) {
        self.id = id
        self.at = at
        self.provider = provider
        self.providerID = providerID
        self.sender = sender
        self.recipient = recipient
        self.body = body
    }
}
