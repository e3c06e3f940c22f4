internal import HTTPTypes
internal import NIOCore
internal import SMSModel

/// Tells whom a connection or a request is counted for.
struct ClientOrigin: Sendable {
    /// The proxies whose word on where requests come from is believed.
    let proxies: Set<PeerOrigin>

    /// The peer of a connection; nil if it speaks for many: a proxy that was named, or one of this machine.
    func ofConnection(_ channel: any Channel) -> PeerOrigin? {
        let origin = PeerOrigin(address: channel.remoteAddress?.ipAddress, uid: nil)
        return proxies.contains(origin) || Self.isOfThisMachine(origin) ? nil : origin
    }

    /// The client that a proxy has named; nil if the peer is none, or named nobody.
    func behindProxy(_ channel: any Channel, _ headers: HTTPFields) -> PeerOrigin? {
        guard proxies.contains(PeerOrigin(address: channel.remoteAddress?.ipAddress, uid: nil)),
            let field = headers[values: Self.forwardedFor].last
        else { return nil }
        // The proxy appends: all before the last is what its client made up.
        let last = field.utf8.lastIndex(of: UInt8(ascii: ",")).map { field.utf8.index(after: $0) } ?? field.startIndex
        let address = field.utf8[last...].filter { $0 != 0x20 && $0 != 0x09 }
        return PeerOrigin(address: String(decoding: address, as: UTF8.self))
    }

    private static let forwardedFor = HTTPField.Name("x-forwarded-for") ?? .accept

    private static func isOfThisMachine(_ origin: PeerOrigin) -> Bool {
        switch origin {
        case .ipv4(let address): address >> 24 == 127
        // The network of ::1 holds nothing else that could be reached.
        case .ipv6(let network): network == 0
        default: false
        }
    }
}
