internal import Access
internal import Admission
internal import Engine
internal import GatewayCore
internal import NIOCore
internal import RPCTransport
internal import SMSModel

/// Finds out whose a credential is. One for each event loop.
final class Authenticator {
    private let loop: RPCLoop
    private let directory: TenantDirectory
    private let guesses: GuessLimit
    private let clock: LoopClock
    private let log: GatewayLog
    private var cache = CredentialCache<Principal>()
    /// A key that nobody has: an unknown id costs what a known one does.
    private static let nobody = StoredKey(
        salt: Array(repeating: 0, count: StoredKey.saltBytes), hash: Array(repeating: 0, count: StoredKey.hashBytes))!

    init(loop: RPCLoop, directory: TenantDirectory, guesses: GuessLimit, clock: LoopClock, log: GatewayLog) {
        self.loop = loop
        self.clock = clock
        self.directory = directory
        self.guesses = guesses
        self.log = log
    }

    /// The principal of what the connection itself proves; nil = nobody.
    func identify(_ peer: RPCPeer) -> Principal? {
        for name in peer.certificateNames {
            if let principal = principal(.certificate(name)) { return principal }
        }
        return peer.uid.flatMap { principal(.uid($0)) }
    }

    /// - Throws: UNAUTHENTICATED, the same for every reason; RESOURCE_EXHAUSTED where too many have been wrong.
    func authenticate(
        _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
    ) throws(GatewayError) -> RPCAuthentication {
        if let principal = cache.holder(of: credential) {
            if principal.isGood(epoch: directory.epoch, now: clock.now) { return .principal(principal) }
            cache.remove(credential)
        }
        let peer = connection.peer
        do throws(GatewayError) {
            try guesses.check(PeerOrigin(peer), now: clock.now)
        } catch {
            log.authenticationFailed(peer, reason: error.message)
            throw error
        }
        if let id = APIKey.ID(of: credential) {
            return .principal(try accept(isKey(credential, id) ? .key(id) : nil, credential, of: peer))
        }
        guard let token = try? TokenPrecheck(credential), let claim = directory.claim(of: token, now: clock.now) else {
            throw refuse(peer)
        }
        verify(Array(credential), claim, on: connection.id, of: peer)
        return .pending
    }

    private func isKey(_ credential: UnsafeRawBufferPointer, _ id: APIKey.ID) -> Bool {
        let key = directory.key(id)
        return (key?.stored ?? Self.nobody).matches(credential) && key != nil
    }

    /// Off the loop: a signature takes long beside all that happens on it.
    private func verify(_ token: [UInt8], _ claim: TokenClaim, on connection: RPCConnectionID, of peer: RPCPeer) {
        let (loop, me) = (loop, NIOLoopBound(self, eventLoop: loop.eventLoop))
        Task {
            let isSigned = await claim.verifier.isSigned(token)
            loop.eventLoop.execute {
                let result = Result { () throws(GatewayError) -> any RPCPrincipal in
                    try token.withUnsafeBufferPointer { (token) throws(GatewayError) in
                        try me.value.accept(
                            isSigned ? .token(claim.identity) : nil, UnsafeRawBufferPointer(token), of: peer)
                    }
                }
                loop.connection(connection)?.authenticated(result)
            }
        }
    }

    /// - Parameter identity: that the credential proves; nil = none.
    private func accept(
        _ identity: Identity?, _ credential: UnsafeRawBufferPointer, of peer: RPCPeer
    ) throws(GatewayError) -> Principal {
        guard let identity, let principal = principal(identity) else { throw refuse(peer) }
        cache.insert(principal, of: credential)
        return principal
    }

    private func refuse(_ peer: RPCPeer) -> GatewayError {
        guesses.failed(PeerOrigin(peer), now: clock.now)
        log.authenticationFailed(peer, reason: GatewayError.unauthenticated.message)
        return .unauthenticated
    }

    private func principal(_ identity: Identity) -> Principal? {
        Principal(identity, in: directory, now: clock.now)
    }
}

/// The gateway's time for what happens with every request and needs no more than a second's precision: read anew once
/// in a sweep of the loop.
final class LoopClock {
    private let loop: RPCLoop
    private let clock: GatewayClock
    private var sweep = -1
    private var reading: Int64 = 0

    init(loop: RPCLoop, clock: GatewayClock) {
        self.loop = loop
        self.clock = clock
    }

    /// Milliseconds since the Unix epoch.
    var now: Int64 {
        @inline(__always) get { loop.now == sweep ? reading : readAnew() }
    }

    private func readAnew() -> Int64 {
        sweep = loop.now
        reading = clock.now()
        return reading
    }
}
