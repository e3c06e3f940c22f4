internal import Providers
internal import SMSModel
internal import Storage

/// What a carrier's receipt is for.
enum ReceiptMatch: Hashable {
    case attempt(MessageID, Int)
    /// No message has the provider's id yet.
    case none
    /// It is no receipt for what it names: the attempt was another provider's, say. It will never be.
    case never

    /// - Parameter provider: the number of the provider whose carrier has posted it.
    static func find(
        _ receipt: CarrierReceipt, of provider: UInt8, _ store: any MessageStore, _ dispatcher: borrowing Dispatcher
    ) throws(StoreError) -> ReceiptMatch {
        do throws(StoreError) {
            if let token = receipt.attempt {
                return try match(token, receipt.providerIDs, of: provider, store, dispatcher)
            }
            guard let id = receipt.providerID, !id.isEmpty, id.utf8.count <= Limits.providerIDBytes
            else { return .never }
            guard let message = try store.find(providerID: id, provider: provider),
                let known = try known(message, store, dispatcher),
                let attempt = known.lifecycle.attempt(providerID: id, provider: provider)
            else { return .none }
            return .attempt(message, attempt)
        } catch {
            // One bad file must not end the round.
            guard !error.isPassing else { throw error }
            return receipt.attempt == nil ? .none : .never
        }
    }

    /// What is known of a message that was handed over once.
    private static func known(
        _ id: MessageID, _ store: any MessageStore, _ dispatcher: borrowing Dispatcher
    ) throws(StoreError) -> StoredLifecycle? {
        if let known = dispatcher.open.lifecycle(of: id) { return known }
        return try store.lifecycle(of: id)
    }

    /// The gateway's own word, which came back, decides alone.
    private static func match(
        _ token: CorrelationToken, _ providerIDs: [String], of provider: UInt8, _ store: any MessageStore,
        _ dispatcher: borrowing Dispatcher
    ) throws(StoreError) -> ReceiptMatch {
        guard let known = try known(token.id, store, dispatcher),
            known.lifecycle.provider(ofAttempt: token.attempt) == provider
        else { return .never }
        // An id that the provider gave to another message is not this one's.
        for id in providerIDs where known.lifecycle.attempt(providerID: id, provider: provider) == nil {
            guard id.utf8.count <= Limits.providerIDBytes else { return .never }
            if let other = try store.find(providerID: id, provider: provider), other != token.id { return .never }
        }
        return .attempt(token.id, token.attempt)
    }
}
