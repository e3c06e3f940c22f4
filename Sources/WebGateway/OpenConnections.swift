internal import NIOCore
internal import Synchronization

/// The connections of all listeners, within their bounds.
final class OpenConnections: Sendable {
    enum ConnectionAdmission: Hashable {
        case served
        /// Beyond the bound: told so, and closed.
        case refused
        /// Beyond that too.
        case closed
    }

    private let served: Int
    private let refused: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(served: Int, refused: Int) {
        self.served = served
        self.refused = refused
    }

    var count: Int { channels.withLock(\.count) }

    /// Counts the channel until it closes, unless it is to be closed at once.
    func add(_ channel: any Channel) -> ConnectionAdmission {
        let id = ObjectIdentifier(channel)
        let admission = channels.withLock { channels -> ConnectionAdmission in
            guard channels.count < served + refused else { return .closed }
            channels[id] = channel
            return channels.count <= served ? .served : .refused
        }
        if admission != .closed {
            channel.closeFuture.whenComplete { _ in _ = self.channels.withLock { $0.removeValue(forKey: id) } }
        }
        return admission
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
