internal import NIOCore
internal import Synchronization

/// The connections of all listeners, within their bounds.
final class OpenConnections: Sendable {
    enum Standing: Hashable {
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
    func add(_ channel: any Channel) -> Standing {
        let id = ObjectIdentifier(channel)
        let standing = channels.withLock { channels -> Standing in
            guard channels.count < served + refused else { return .closed }
            channels[id] = channel
            return channels.count <= served ? .served : .refused
        }
        if standing != .closed {
            channel.closeFuture.whenComplete { _ in _ = self.channels.withLock { $0.removeValue(forKey: id) } }
        }
        return standing
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
