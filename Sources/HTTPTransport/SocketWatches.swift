/// What epoll is told about sockets, so that it knows what libcurl waits for. Pure.
///
/// A connection's registration stays as it is between two transfers, since the next one waits for the same.
struct SocketWatches {
    /// Bits as epoll has them.
    typealias Events = UInt32

    enum Change: Equatable {
        case add(Events)
        case modify(Events)
        case remove
    }

    private struct Watch {
        var wanted: Events = 0
        var registered: Events = 0
        /// libcurl tells of its end. Of that of others, its resolver's, it does not: another may have the number then.
        var isConnection = false
    }

    /// The watches by descriptor.
    private var watches: [Watch] = []

    /// A connection has got this number.
    mutating func opened(_ socket: Int32) {
        makeRoom(for: socket)
        watches[Int(socket)] = Watch(isConnection: true)
    }

    /// - Parameter events: 0 = nothing any more.
    mutating func wants(_ events: Events, of socket: Int32) -> Change? {
        makeRoom(for: socket)
        watches[Int(socket)].wanted = events
        guard events != 0 || !watches[Int(socket)].isConnection else { return nil }
        return register(events, socket)
    }

    /// Whether anything of a socket that has events is for libcurl.
    func isWanted(_ socket: Int32) -> Bool { watches[Int(socket)].wanted != 0 }

    /// Nobody wants the events that it has, and it would have them again and again.
    mutating func unwanted(_ socket: Int32) -> Change? { register(0, socket) }

    /// The connection of this number is about to be closed.
    mutating func closing(_ socket: Int32) -> Change? {
        makeRoom(for: socket)
        let change = register(0, socket)
        watches[Int(socket)] = Watch()
        return change
    }

    private mutating func makeRoom(for socket: Int32) {
        while watches.count <= Int(socket) { watches.append(Watch()) }
    }

    private mutating func register(_ events: Events, _ socket: Int32) -> Change? {
        let before = watches[Int(socket)].registered
        guard events != before else { return nil }
        watches[Int(socket)].registered = events
        return events == 0 ? .remove : before == 0 ? .add(events) : .modify(events)
    }
}
