internal import ApusClient
internal import RPCWire
internal import SMSModel

/// What makes two rows the same: 24 bytes for each row of a file.
struct ContentKey: Equatable {
    /// The fingerprint that the gateway stores with the message.
    var fingerprint: Fingerprint
    /// The digits of the recipient's number, as one integer.
    var recipient: UInt64

    /// The key of a row that cannot be sent.
    static let faulty = ContentKey(fingerprint: Fingerprint(high: 0, low: 0), recipient: 0)

    private init(fingerprint: Fingerprint, recipient: UInt64) {
        self.fingerprint = fingerprint
        self.recipient = recipient
    }

    /// - Throws: a problem if a value of the message has no place in the protocol.
    init(_ message: OutgoingMessage) throws(RowProblem) {
        do throws(ApusError) {
            let request = try SendRequest(message)
            fingerprint = Fingerprint(of: request)
        } catch {
            throw RowProblem(text: error.message)
        }
        recipient = UInt64(message.to.dropFirst()) ?? 0
    }
}
