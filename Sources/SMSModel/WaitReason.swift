/// Why a message that waits is not handed to a provider now.
package struct WaitReason: Hashable, Sendable {
    /// Raw values are the protocol's.
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// Its send time has not come.
        case scheduled = 1
        /// An attempt was not taken, and the next one is put off.
        case backingOff = 2
        /// Everything, its tenant or its batch is paused.
        case paused = 3
        /// After a start: what waits is still being read from the store.
        case recovering = 4
        /// Nothing can be stored, and so nothing is handed over.
        case store = 5
        /// No route is for it.
        case noRoute = 6
        /// No provider of its route takes messages.
        case providersDown = 7
        /// Its providers have as many messages as they may, or get as many a second as they may.
        case providersBusy = 8
        /// Its providers take no more of its sender for now.
        case senderThrottled = 9
        /// Others go before it.
        case turn = 10
    }

    package var kind: Kind
    /// A clause for people.
    package var detail: String
    /// When it is looked at again, in milliseconds since the Unix epoch; nil = that depends on something else than the
    /// time.
    package var until: Int64?
    /// The kind's number in an answer of a later version, which this one doesn't know; ``kind`` says nothing then.
    package var unknownKind: Int32?

    package init(_ kind: Kind, _ detail: String, until: Int64? = nil) {
        self.kind = kind
        self.detail = detail
        self.until = until
    }
}
