internal import NIOCore
internal import SMSModel
internal import Synchronization

/// The connections of all listeners, within their bounds.
final class OpenConnections: Sendable {
    enum ConnectionAdmission: Hashable {
        case served
        /// Beyond the bound: told so, and closed.
        case refused
        /// Beyond that too, or more than one address may have.
        case closed
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var shares: Shares<PeerOrigin>
    }

    private let served: Int
    private let refused: Int
    private let state: Mutex<State>

    /// - Parameter perAddress: connections of one address.
    init(served: Int, refused: Int, perAddress: Int) {
        self.served = served
        self.refused = refused
        state = Mutex(State(shares: Shares(most: perAddress)))
    }

    var count: Int { state.withLock(\.channels.count) }

    /// Counts the channel until it closes, unless it is to be closed at once.
    ///
    /// - Parameter origin: nil = a proxy, which speaks for many.
    func add(_ channel: any Channel, from origin: PeerOrigin?) -> ConnectionAdmission {
        let id = ObjectIdentifier(channel)
        let admission = state.withLock { state -> ConnectionAdmission in
            guard state.channels.count < served + refused, origin.map({ state.shares.take($0) }) ?? true else {
                return .closed
            }
            state.channels[id] = channel
            return state.channels.count <= served ? .served : .refused
        }
        if admission != .closed {
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { state in
                    state.channels.removeValue(forKey: id)
                    if let origin { state.shares.giveBack(origin) }
                }
            }
        }
        return admission
    }

    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }
}
