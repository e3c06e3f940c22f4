internal import SMSModel
internal import Synchronization

/// The bounds of connections.
struct ConnectionBounds: Sendable {
    /// All that are served...
    var all: Int
    /// ...and further ones of Unix sockets, which nobody else can take.
    var ofUnix: Int
    /// Connections over the network that have brought no credential yet, and those of one address; a user of a Unix
    /// socket has as many as one address.
    var strangers: Int
    var strangersOfOrigin: Int
    /// Connections of one owner.
    var ofOwner: Int
    /// Connections beyond these, which are told so; still more are closed at once.
    var told: Int
}

/// The places and their holders: a pure machine, one method an event of a connection's life.
struct ConnectionPlaces: Sendable {
    /// The place of one connection.
    enum Place: Hashable, Sendable {
        /// It has brought no credential yet.
        case stranger(PeerOrigin)
        /// It has; nil = the credential's owner has no share of its own.
        case owned(UInt64?)
        /// It has, and is one of the Unix sockets' own places beyond its owner's share.
        case beyondShare
        /// It is there only to be told that there is no place for it.
        case told
    }

    private let bounds: ConnectionBounds
    private(set) var served = 0
    private(set) var told = 0
    private var strangers = 0
    private var beyondShares = 0
    private var origins: Shares<PeerOrigin>
    private var owners: Shares<UInt64>

    init(_ bounds: ConnectionBounds) {
        self.bounds = bounds
        origins = Shares(most: bounds.strangersOfOrigin)
        owners = Shares(most: bounds.ofOwner)
    }

    var count: Int { served + told }

    private static func isOfUnix(_ origin: PeerOrigin) -> Bool {
        switch origin {
        case .uid, .unknown: true
        case .ipv4, .ipv6, .others: false
        }
    }

    /// - Returns: nil = it is to be closed at once.
    mutating func opened(from origin: PeerOrigin) -> Place? {
        let isOfUnix = Self.isOfUnix(origin)
        if served < bounds.all + (isOfUnix ? bounds.ofUnix : 0), isOfUnix || strangers < bounds.strangers,
            origins.take(origin)
        {
            served += 1
            if !isOfUnix { strangers += 1 }
            return .stranger(origin)
        }
        guard told < bounds.told else { return nil }
        told += 1
        return .told
    }

    /// It has shown whose it is.
    ///
    /// - Returns: false = the owner has as many as one may have; the place stays as it was.
    mutating func identified(_ place: inout Place, as owner: UInt64?) -> Bool {
        guard case .stranger(let origin) = place else { return true }
        if let owner, !owners.take(owner) {
            guard Self.isOfUnix(origin), beyondShares < bounds.ofUnix else { return false }
            beyondShares += 1
            place = .beyondShare
        } else {
            place = .owned(owner)
        }
        leaveStrangers(origin)
        return true
    }

    mutating func closed(_ place: Place) {
        switch place {
        case .stranger(let origin):
            leaveStrangers(origin)
            served -= 1
        case .owned(let owner):
            if let owner { owners.giveBack(owner) }
            served -= 1
        case .beyondShare:
            beyondShares -= 1
            served -= 1
        case .told: told -= 1
        }
    }

    private mutating func leaveStrangers(_ origin: PeerOrigin) {
        origins.giveBack(origin)
        if !Self.isOfUnix(origin) { strangers -= 1 }
    }
}

/// Shared by the loops, each of which opens and closes connections.
final class SharedPlaces: Sendable {
    private let places: Mutex<ConnectionPlaces>

    init(_ bounds: ConnectionBounds) {
        places = Mutex(ConnectionPlaces(bounds))
    }

    var count: Int { places.withLock(\.count) }

    func opened(from origin: PeerOrigin) -> ConnectionPlaces.Place? { places.withLock { $0.opened(from: origin) } }

    func identified(_ place: inout ConnectionPlaces.Place, as owner: UInt64?) -> Bool {
        var changed = place
        let isDone = places.withLock { $0.identified(&changed, as: owner) }
        place = changed
        return isDone
    }

    func closed(_ place: ConnectionPlaces.Place) { places.withLock { $0.closed(place) } }
}

/// The place of one connection, which it gives back when it closes.
///
/// Sendable unchecked: it is touched on the connection's event loop alone.
final class HeldPlace: @unchecked Sendable {
    private(set) var place: ConnectionPlaces.Place
    private let places: SharedPlaces

    init(_ place: ConnectionPlaces.Place, in places: SharedPlaces) {
        self.place = place
        self.places = places
    }

    var isTold: Bool { place == .told }
    /// No credential was brought yet.
    var isStranger: Bool { if case .stranger = place { true } else { false } }

    /// - Returns: false = the owner has as many connections as one may have.
    func identified(as owner: UInt64?) -> Bool { places.identified(&place, as: owner) }

    func giveBack() { places.closed(place) }
}
