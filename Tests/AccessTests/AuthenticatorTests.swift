internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Access

/// The one whose a credential is, without a connection.
@Suite struct AuthenticatorTests {
    private let directory = TenantDirectory()
    private let now: Int64 = 1_800_000_000_000
    private let peer = Peer(name: "192.0.2.1:4711", host: "192.0.2.1", address: "192.0.2.1")

    /// Peers and reasons that were reported.
    private final class Reports {
        var lines: [String] = []
    }

    private let reports = Reports()

    private func authenticator(_ guesses: GuessLimit = GuessLimit()) -> Authenticator {
        Authenticator(directory: directory, guesses: guesses) { [reports] peer, reason in
            reports.lines.append("\(peer.name): \(reason)")
        }
    }

    private func authenticate(
        _ credential: String, _ authenticator: Authenticator, of peer: Peer? = nil, at now: Int64? = nil
    ) throws(GatewayError) -> Authenticator.Outcome {
        let bytes = Array(credential.utf8)
        return try bytes.withUnsafeBufferPointer { (bytes) throws(GatewayError) in
            try authenticator.authenticate(
                UnsafeRawBufferPointer(bytes), of: peer ?? self.peer, now: now ?? self.now)
        }
    }

    /// The tenant that a credential is of; nil if it is not known yet.
    private func tenant(_ credential: String, _ authenticator: Authenticator, at now: Int64? = nil) throws -> String? {
        guard case .principal(let principal) = try authenticate(credential, authenticator, at: now) else { return nil }
        return principal.tenant.name
    }

    @Test func aKeyIsItsTenants() throws {
        directory.publish([TenantEntry(1, "dev"), TenantEntry(2, "shop")], generation: 1)
        let (dev, shop) = (TestKey(1, tenant: 1), TestKey(2, tenant: 2, scopes: .read))
        for key in [dev, shop] { directory.put(key.record) }
        let authenticator = authenticator()
        #expect(try tenant(dev.secret, authenticator) == "dev" && tenant(shop.secret, authenticator) == "shop")
        guard case .principal(let reader) = try authenticate(shop.secret, authenticator) else {
            Issue.record("no principal")
            return
        }
        try reader.require(.read)
        #expect(throws: GatewayError.self) { try reader.require(.send) }
        #expect(reports.lines.isEmpty)
    }

    @Test func whatIsWrongIsRefusedInTheSameWords() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        let key = TestKey(1, tenant: 1)
        directory.put(key.record)
        let authenticator = authenticator()
        let wrong = ["x", "apus_", String(key.secret.dropLast()) + "!", TestKey(2, tenant: 1).secret, "a.b.c"]
        for credential in wrong {
            let error = #expect(throws: GatewayError.self) { _ = try authenticate(credential, authenticator) }
            #expect(error == .unauthenticated, "\(credential)")
        }
        let line = "192.0.2.1:4711: \(GatewayError.unauthenticated.message)"
        #expect(reports.lines == Array(repeating: line, count: wrong.count))
    }

    @Test func whatWasFoundHoldsUntilItChanges() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        let key = TestKey(1, tenant: 1)
        directory.put(key.record)
        let authenticator = authenticator()
        guard case .principal(let principal) = try authenticate(key.secret, authenticator) else {
            Issue.record("no principal")
            return
        }
        #expect(authenticator.isGood(principal, now: now))
        var revoked = key.record
        revoked.revokedAt = now
        directory.put(revoked)
        #expect(!authenticator.isGood(principal, now: now))
        #expect(throws: GatewayError.self) { _ = try authenticate(key.secret, authenticator) }
    }

    /// The bound is over all loops, and a good credential that is known is not looked at again.
    @Test func whoGuessesIsNotEvenLookedAt() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        let key = TestKey(1, tenant: 1)
        directory.put(key.record)
        let guesses = GuessLimit()
        let (one, other) = (authenticator(guesses), authenticator(guesses))
        #expect(try tenant(key.secret, one) == "dev")
        for _ in 0..<Limits.guesses { #expect(throws: GatewayError.self) { _ = try authenticate("wrong", other) } }
        let refusal = #expect(throws: GatewayError.self) { _ = try authenticate(key.secret, other) }
        #expect(refusal?.code == .resourceExhausted && refusal?.quota?.limit == "guesses")
        #expect(try tenant(key.secret, one) == "dev")
        let elsewhere = Peer(name: "192.0.2.2:1", host: "192.0.2.2", address: "192.0.2.2")
        guard case .principal = try authenticate(key.secret, other, of: elsewhere) else {
            Issue.record("no principal")
            return
        }
        #expect(try tenant(key.secret, other, at: now + 1000) == "dev")
    }

    @Test func aConnectionMayProveItsTenant() {
        directory.publish(
            [
                TenantEntry(1, "dev") { $0.certificates = ["client.example"] },
                TenantEntry(2, "shop") { $0.uids = [1000] },
            ], generation: 1)
        let authenticator = authenticator()
        func name(_ certificates: [String], _ uid: UInt32? = nil) -> String? {
            let peer = Peer(name: "unix", host: "unix", certificateNames: certificates, uid: uid)
            return authenticator.identify(peer, now: now)?.tenant.name
        }
        #expect(name(["other.example", "client.example"]) == "dev" && name([], 1000) == "shop")
        #expect(name(["other.example"]) == nil && name([], 1001) == nil && name([]) == nil)
        // What the certificate proves goes before the user.
        #expect(name(["client.example"], 1000) == "dev")
    }
}
