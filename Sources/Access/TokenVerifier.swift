package import ConfigurationModel
internal import Cryptography
internal import JWTKit
internal import SMSModel

/// Why an issuer's key can't be used.
package struct IssuerKeyProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Checks the signatures of one issuer's tokens. The keys are read when the first token comes.
///
/// jwt-kit takes an unknown `kid` for that of the default key, reads base64 leniently, and knows neither `crit` nor
/// members that are there twice: only tokens that ``TokenPrecheck/check(_:now:)`` let pass may be handed in.
package actor TokenVerifier {
    package nonisolated let issuer: IssuerSettings
    private let keys = JWTKeyCollection()
    private var hasReadKeys = false

    package init(_ issuer: IssuerSettings) {
        self.issuer = issuer
    }

    /// What is wrong with an issuer's keys; nil = nothing.
    package static func problem(with issuer: IssuerSettings) -> IssuerKeyProblem? {
        do throws(IssuerKeyProblem) {
            _ = try VerificationKey.all(of: issuer)
            return nil
        } catch {
            return error
        }
    }

    /// Whether the token is signed by the key that its header names; false where a key of the issuer is none.
    package func isSigned(_ token: [UInt8]) async -> Bool {
        do {
            if !hasReadKeys {
                for (id, key) in try VerificationKey.all(of: issuer) { await key.add(to: keys, as: id) }
                hasReadKeys = true
            }
            _ = try await keys.verify(token, as: UncheckedClaims.self)
            return true
        } catch {
            return false
        }
    }

    /// The claims have been checked before, more strictly than a decoder does.
    private struct UncheckedClaims: JWTPayload {
        func verify(using algorithm: some JWTAlgorithm) {}
    }
}

/// An issuer's key, read by its algorithm.
private enum VerificationKey {
    case hs256(HMACKey)
    case rs256(Insecure.RSA.PublicKey)
    case es256(ES256PublicKey)
    case edDSA(EdDSA.PublicKey)

    static func all(of issuer: IssuerSettings) throws(IssuerKeyProblem) -> [(id: String?, key: VerificationKey)] {
        try issuer.keys.map { (key) throws(IssuerKeyProblem) in
            (key.id, try VerificationKey(key, issuer.algorithm))
        }
    }

    private init(_ key: IssuerKey, _ algorithm: IssuerSettings.Algorithm) throws(IssuerKeyProblem) {
        do {
            switch algorithm {
            case .hs256: self = .hs256(HMACKey(from: try Self.secret(key.material)))
            case .rs256: self = .rs256(try Insecure.RSA.PublicKey(pem: key.material))
            case .es256: self = .es256(try ES256PublicKey(pem: key.material))
            case .edDSA: self = .edDSA(try EdDSA.PublicKey(pem: key.material))
            }
        } catch let error as IssuerKeyProblem {
            throw error
        } catch {
            throw IssuerKeyProblem(
                description: algorithm == .rs256
                    ? "is not an RSA public key of at least \(Limits.issuerKeyMinimumBits) bits in PEM"
                    : "is not a public key for \(algorithm.rawValue) in PEM")
        }
    }

    /// A public key is known to everybody: taken for a secret, it would let everybody sign.
    private static func secret(_ material: String) throws(IssuerKeyProblem) -> [UInt8] {
        guard let secret = Base64URL.decode(material), secret.count >= Limits.issuerSecretMinimumBytes else {
            throw IssuerKeyProblem(
                description: "is not a secret of at least \(Limits.issuerSecretMinimumBytes) bytes in base64url")
        }
        guard !String(decoding: secret, as: UTF8.self).contains("-----BEGIN") else {
            throw IssuerKeyProblem(description: "is a key in PEM, and no secret")
        }
        return secret
    }

    func add(to keys: JWTKeyCollection, as id: String?) async {
        let id = id.map(JWKIdentifier.init(string:))
        switch self {
        case .hs256(let key): await keys.add(hmac: key, digestAlgorithm: .sha256, kid: id)
        case .rs256(let key): await keys.add(rsa: key, digestAlgorithm: .sha256, kid: id)
        case .es256(let key): await keys.add(ecdsa: key, kid: id)
        case .edDSA(let key): await keys.add(eddsa: key, kid: id)
        }
    }
}
