internal import SMSModel
internal import Scheduling
internal import Storage

/// A message that a provider has, to which its answer is applied.
struct InFlight {
    var stored: StoredLifecycle
    var message: QueuedEntry
    /// The provider's index in the pool.
    var provider: Int
    var onUnknown: OnUnknown
    var submitted: ProviderPace.Sent
    /// Its sender, where its provider throttled that when it was handed over.
    var sender: ThrottledSenders.Key?
    /// At its provider; nil where that is what was reserved for it.
    var price: Money?
    /// The epoch of the routes by which it was handed over: ``ProviderPool/routesEpoch``.
    var routesEpoch: Int
}
