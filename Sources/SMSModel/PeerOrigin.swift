internal import Glibc

/// Where a peer comes from, as far as one that wants to be counted as several can't change it at will.
package enum PeerOrigin: Hashable, Sendable {
    case ipv4(UInt32)
    /// The first 64 bits, which are a network's: anyone who has one has all of its addresses.
    case ipv6(UInt64)
    case uid(UInt32)
    case unknown
    /// All that there is no room to tell apart.
    case others

    /// - Parameters:
    ///   - address: of IPv4 or IPv6; nil = it has none.
    ///   - uid: the user at the other end of a Unix socket.
    package init(address: String?, uid: UInt32?) {
        self = address.flatMap(PeerOrigin.init(address:)) ?? uid.map(PeerOrigin.uid) ?? .unknown
    }

    /// - Parameter text: an address of IPv4 or IPv6.
    package init?(address text: String) {
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 {
            self = .ipv4(Self.number(octets[..<4]))
        } else if inet_pton(AF_INET6, text, &octets) == 1 {
            // An IPv4 address may come over a socket of IPv6 (RFC 4291, section 2.5.5.2).
            let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            self = isMapped ? .ipv4(Self.number(octets[12...])) : .ipv6(Self.number(octets[..<8]))
        } else {
            return nil
        }
    }

    private static func number<Number: FixedWidthInteger>(_ octets: ArraySlice<UInt8>) -> Number {
        octets.reduce(0) { $0 << 8 | Number($1) }
    }
}
