package import SMSModel

/// Finds out whose a credential is. One for each event loop, used only on it. Pure but for what it reports: times are
/// handed in, and a signature is checked by anyone who drives it, since that takes long compared with all else.
package final class Authenticator {
    private let directory: TenantDirectory
    private let guesses: GuessLimit
    private let failed: (Peer, _ reason: String) -> Void
    private var cache = CredentialCache<Principal>()
    /// A key that nobody has: an unknown id costs what a known one does.
    private static let nobody = StoredKey(
        salt: Array(repeating: 0, count: StoredKey.saltBytes), hash: Array(repeating: 0, count: StoredKey.hashBytes))!

    /// - Parameter failed: is told of each credential that was refused, without the credential.
    package init(
        directory: TenantDirectory, guesses: GuessLimit, failed: @escaping (Peer, _ reason: String) -> Void
    ) {
        self.directory = directory
        self.guesses = guesses
        self.failed = failed
    }

    /// What became of a credential.
    package enum Outcome {
        case principal(Principal)
        /// ``finish(_:isSigned:of:now:)`` says it, once the signature has been checked.
        case pending(PendingToken)
    }

    /// The principal of what the connection itself proves; nil = nobody.
    package func identify(_ peer: Peer, now: Int64) -> Principal? {
        for name in peer.certificateNames {
            if let principal = principal(.certificate(name), now: now) { return principal }
        }
        return peer.uid.flatMap { principal(.uid($0), now: now) }
    }

    /// Judges a credential.
    ///
    /// - Parameters:
    ///   - credential: borrowed for the call; it isn't empty.
    ///   - peer: asked for only where the credential was not seen recently.
    ///   - now: milliseconds since the Unix epoch.
    /// - Throws: UNAUTHENTICATED, the same for every reason; RESOURCE_EXHAUSTED where too many have been wrong.
    package func authenticate(
        _ credential: UnsafeRawBufferPointer, of peer: @autoclosure () -> Peer, now: Int64
    ) throws(GatewayError) -> Outcome {
        if let principal = cache.holder(of: credential) {
            if isGood(principal, now: now) { return .principal(principal) }
            cache.remove(credential)
        }
        let peer = peer()
        do throws(GatewayError) {
            try guesses.check(peer.origin, now: now)
        } catch {
            failed(peer, error.message)
            throw error
        }
        if let id = APIKey.ID(of: credential) {
            return .principal(try accept(isKey(credential, id) ? .key(id) : nil, credential, of: peer, now: now))
        }
        guard let token = try? TokenPrecheck(credential), let claim = directory.claim(of: token, now: now) else {
            throw refuse(peer, now: now)
        }
        return .pending(PendingToken(bytes: Array(credential), claim: claim))
    }

    /// Judges a token whose signature has been checked.
    /// - Throws: UNAUTHENTICATED.
    package func finish(
        _ token: PendingToken, isSigned: Bool, of peer: Peer, now: Int64
    ) throws(GatewayError) -> Principal {
        try token.bytes.withUnsafeBufferPointer { (bytes) throws(GatewayError) in
            try accept(
                isSigned ? .token(token.claim.identity) : nil, UnsafeRawBufferPointer(bytes), of: peer, now: now)
        }
    }

    /// Whether a principal may still call: nothing that it rests on has changed or run out.
    @inline(__always)
    package func isGood(_ principal: Principal, now: Int64) -> Bool {
        principal.isGood(epoch: directory.epoch, now: now)
    }

    private func isKey(_ credential: UnsafeRawBufferPointer, _ id: APIKey.ID) -> Bool {
        let key = directory.key(id)
        return (key?.stored ?? Self.nobody).matches(credential) && key != nil
    }

    /// - Parameter identity: that the credential proves; nil = none.
    private func accept(
        _ identity: Identity?, _ credential: UnsafeRawBufferPointer, of peer: Peer, now: Int64
    ) throws(GatewayError) -> Principal {
        guard let identity, let principal = principal(identity, now: now) else { throw refuse(peer, now: now) }
        cache.insert(principal, of: credential)
        return principal
    }

    private func refuse(_ peer: Peer, now: Int64) -> GatewayError {
        guesses.failed(peer.origin, now: now)
        failed(peer, GatewayError.unauthenticated.message)
        return .unauthenticated
    }

    private func principal(_ identity: Identity, now: Int64) -> Principal? {
        Principal(identity, in: directory, now: now)
    }
}

/// A JSON Web Token whose claims are right and whose signature is still to be checked.
package struct PendingToken: Sendable {
    let bytes: [UInt8]
    let claim: TokenClaim

    /// Checks the signature: some 100 microseconds, off the event loop.
    package func isSigned() async -> Bool { await claim.verifier.isSigned(bytes) }
}
