internal import Admission
internal import ConfigurationModel
internal import Foundation
internal import SMSModel
internal import Testing

@testable internal import Access

/// Keys made for tests; the same number gives the same key.
struct TestKey {
    let secret: String
    var record: KeyRecord

    init(_ number: Int, tenant: Int32 = 1, scopes: Scopes = .messages, expiresAt: Int64? = nil) {
        let random = (0..<APIKey.minimumCharacters).map { UInt8(truncatingIfNeeded: number >> (min($0, 9) * 6)) & 63 }
        let salt = (0..<StoredKey.saltBytes).map { UInt8(truncatingIfNeeded: number + $0) }
        secret = random.withUnsafeBytes(APIKey.make)
        let (id, stored) = Array(secret.utf8).withUnsafeBytes {
            (APIKey.ID(of: $0)!, StoredKey(credential: $0, salt: salt))
        }
        record = KeyRecord(
            id: id.description, tenant: TenantID(rawValue: tenant), scopes: scopes.rawValue, salt: stored.salt,
            hash: stored.hash, note: "", createdAt: 0, expiresAt: expiresAt)
    }

    var id: APIKey.ID { APIKey.ID(record.id)! }
}

extension TenantEntry {
    init(_ id: Int32, _ name: String, _ change: (inout TenantSettings) -> Void = { _ in }) {
        var settings = TenantSettings()
        change(&settings)
        self.init(id: TenantID(rawValue: id), name: name, settings: settings)
    }
}

@Suite struct TenantDirectoryTests {
    private let directory = TenantDirectory(defaults: TenantDefaults(sender: "Apus"))
    private let now: Int64 = 1_800_000_000_000

    private func principal(_ identity: Identity) -> Principal? { Principal(identity, in: directory, now: now) }
    private func isGood(_ principal: Principal, after milliseconds: Int64 = 0) -> Bool {
        principal.isGood(epoch: directory.epoch, now: now + milliseconds)
    }

    /// There may be ten thousand of each, and there is a kilobyte for all of a tenant.
    @Test func whatEachTenantHasIsSmall() {
        #expect(MemoryLayout<SubmitValidator>.size <= 104)
        #expect(MemoryLayout<TenantLimits>.size <= 72)
        #expect(MemoryLayout<StoredKey>.size == StoredKey.saltBytes + StoredKey.hashBytes)
    }

    // MARK: Looking up

    @Test func aGenerationReplacesAllTenants() throws {
        #expect(directory.tenant(named: "shop") == nil)
        directory.publish([TenantEntry(1, "dev"), TenantEntry(2, "shop")], generation: 7)
        let shop = try #require(directory.tenant(named: "shop"))
        #expect(shop.id == TenantID(rawValue: 2) && shop.isEnabled && shop.generation == 7)
        #expect(directory.tenant(id: shop.id) === shop && directory.tenant(named: "dev")?.id.rawValue == 1)
        directory.publish([TenantEntry(2, "shop") { $0.isEnabled = false }, TenantEntry(3, "team")], generation: 8)
        #expect(directory.tenant(named: "dev") == nil && directory.tenant(id: TenantID(rawValue: 1)) == nil)
        #expect(directory.tenant(named: "shop")?.generation == 8)
        // Who still holds the one of before has it unchanged.
        #expect(shop.isEnabled && shop.generation == 7)
    }

    @Test func whatIsKnownOfAnIssuerGoesOn() throws {
        let issuer = IssuerSettings(
            issuer: "i", audience: nil, algorithm: .hs256, keys: [IssuerKey(id: nil, material: "x")])
        var other = issuer
        other.audience = "apus"
        directory.publish([TenantEntry(1, "dev") { $0.issuers = [issuer] }], generation: 1)
        let verifier = try #require(directory.tenant(named: "dev")?.verifiers.first)
        directory.publish([TenantEntry(1, "dev") { $0.issuers = [other, issuer] }], generation: 2)
        let later = try #require(directory.tenant(named: "dev")?.verifiers)
        #expect(later.count == 2 && later[1] === verifier && later[0] !== verifier)
    }

    @Test func everyChangeRaisesTheEpoch() {
        var last = directory.epoch
        for change in [
            { directory.publish([], generation: 1) }, { directory.put(TestKey(1).record) },
            { directory.put(TestKey(1).record) },
        ] {
            change()
            #expect(directory.epoch > last)
            last = directory.epoch
        }
        // No key, so no change.
        var broken = TestKey(2).record
        broken.hash = []
        directory.put(broken)
        broken = TestKey(2).record
        broken.id = "short"
        directory.put(broken)
        #expect(directory.epoch == last)
    }

    // MARK: What identities may do

    @Test func certificatesAndUsersAreTenants() throws {
        directory.publish(
            [
                TenantEntry(1, "dev") {
                    $0.certificates = ["billing"]
                    $0.uids = [1000]
                },
                TenantEntry(2, "off") {
                    $0.certificates = ["off"]
                    $0.isEnabled = false
                },
            ], generation: 1)
        let billing = try #require(principal(.certificate("billing")))
        let user = try #require(principal(.uid(1000)))
        #expect(billing.tenant.name == "dev" && billing.scopes == .messages && user.scopes == .messages)
        #expect(billing.actor == "certificate billing" && user.actor == "uid 1000")
        #expect(principal(.certificate("Billing")) == nil && principal(.uid(1001)) == nil)
        #expect(principal(.certificate("off")) == nil)
        directory.publish([TenantEntry(1, "dev") { $0.uids = [1000] }], generation: 2)
        #expect(!isGood(billing) && isGood(user))
        #expect(user.tenant.generation == 2)
    }

    @Test func aKeyHoldsUntilItIsTakenAway() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        var key = TestKey(1, scopes: .send)
        #expect(principal(.key(key.id)) == nil)
        directory.put(key.record)
        let caller = try #require(principal(.key(key.id)))
        #expect(caller.scopes == .send && caller.actor == "key \(key.id)")
        try caller.require(.send)
        let lack = #expect(throws: GatewayError.self) { try caller.require([.send, .admin]) }
        #expect(lack?.code == .permissionDenied && lack?.message == "the credential lacks the scope admin")
        // Other keys, other settings.
        directory.put(TestKey(2).record)
        #expect(isGood(caller))
        directory.publish([TenantEntry(1, "dev") { $0.isEnabled = false }], generation: 2)
        #expect(!isGood(caller))
        directory.publish([TenantEntry(1, "dev")], generation: 3)
        #expect(isGood(caller) && caller.tenant.generation == 3)
        directory.publish([TenantEntry(2, "shop")], generation: 4)
        #expect(!isGood(caller))
        directory.publish([TenantEntry(1, "dev")], generation: 5)
        key.record.revokedAt = now
        directory.put(key.record)
        #expect(!isGood(caller) && principal(.key(key.id)) == nil)
    }

    @Test func aKeyExpiresAtItsMillisecond() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        let key = TestKey(1, expiresAt: now + 90_000)
        directory.put(key.record)
        let caller = try #require(principal(.key(key.id)))
        #expect(isGood(caller, after: 59_999) && isGood(caller, after: 89_999))
        #expect(!isGood(caller, after: 90_000))
        #expect(Principal(.key(key.id), in: directory, now: now + 90_000) == nil)
    }

    @Test func usesOfKeysAreToldOnce() throws {
        directory.publish([TenantEntry(1, "dev")], generation: 1)
        let key = TestKey(1)
        directory.put(key.record)
        #expect(directory.takeLastUses().isEmpty)
        let caller = try #require(principal(.key(key.id)))
        #expect(directory.takeLastUses().map(\.at) == [now] && directory.takeLastUses().isEmpty)
        // A use is noted once a minute.
        let minute = Int64(Limits.keyUseSeconds) * 1000
        #expect(isGood(caller, after: minute - 1))
        #expect(directory.takeLastUses().isEmpty)
        #expect(isGood(caller, after: minute) && isGood(caller, after: 2 * minute))
        // What is changed meanwhile is still used.
        directory.put(key.record)
        let uses = directory.takeLastUses()
        #expect(uses.map(\.at) == [now + 2 * minute] && uses.map(\.id) == [key.record.id])
    }

    // MARK: Tokens

    private func token(_ claims: String) throws -> TokenPrecheck {
        func part(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
        }
        let text = "\(part(#"{"alg":"HS256"}"#)).\(part(claims)).AAAA"
        return try Array(text.utf8).withUnsafeBytes { try TokenPrecheck($0) }
    }

    private let issuer = IssuerSettings(
        issuer: "i", audience: nil, algorithm: .hs256, keys: [IssuerKey(id: nil, material: "x")],
        scopes: [.send, .read])

    private func claimed(_ more: String) throws -> TokenClaim? {
        directory.claim(of: try token(#"{"iss":"i","exp":1900000000\#(more)}"#), now: now)
    }

    @Test func aTokenSaysWhoseItIsWhereItMust() throws {
        #expect(try claimed("") == nil)
        directory.publish([TenantEntry(1, "dev") { $0.issuers = [issuer] }, TenantEntry(2, "shop")], generation: 1)
        func tenant(_ more: String) throws -> Int32? { try claimed(more)?.identity.tenant.rawValue }
        // Of one tenant: nobody else's.
        #expect(try tenant("") == 1 && tenant(#","sub":"shop""#) == 1 && tenant(#","tenant":"dev""#) == 1)
        #expect(try tenant(#","tenant":"shop""#) == nil && tenant(#","tenant":"nobody""#) == nil)
        directory.publish(
            [
                TenantEntry(1, "dev") { $0.issuers = [issuer] }, TenantEntry(2, "shop") { $0.issuers = [issuer] },
                TenantEntry(3, "team"), TenantEntry(4, "more") { $0.issuers = [issuer] },
            ], generation: 2)
        #expect(try tenant("") == nil && tenant(#","sub":"anna""#) == nil)
        #expect(try tenant(#","sub":"shop""#) == 2 && tenant(#","sub":"shop","tenant":"dev""#) == 1)
        #expect(try tenant(#","tenant":"team""#) == nil && tenant(#","tenant":"more""#) == 4)
    }

    @Test func aTokenHoldsAsLongAsItsIssuerAndKey() throws {
        func publish(_ change: (inout IssuerSettings) -> Void) {
            var issuer = issuer
            change(&issuer)
            directory.publish([TenantEntry(1, "dev") { $0.issuers = [issuer] }], generation: 1)
        }
        publish { _ in }
        let claim = try #require(try claimed(#","sub":"anna","scope":"messages:send admin""#))
        let caller = try #require(principal(.token(claim.identity)))
        #expect(caller.actor == "token anna of i" && caller.scopes == .send)
        publish { $0.scopes = .all }
        #expect(isGood(caller) && caller.scopes == [.send, .admin])
        publish { $0.keys.append(IssuerKey(id: "new", material: "y")) }
        #expect(isGood(caller))
        let end = claim.identity.expiresAt - now
        #expect(isGood(caller, after: end - 1) && !isGood(caller, after: end))
        let changes: [(inout IssuerSettings) -> Void] = [
            { $0.keys = [IssuerKey(id: "new", material: "y")] }, { $0.keys[0].material = "y" },
            { $0.audience = "apus" },
            { $0.algorithm = .rs256 }, { $0.issuer = "j" },
        ]
        for change in changes {
            publish(change)
            #expect(!isGood(caller))
            publish { _ in }
            #expect(isGood(caller))
        }
        directory.publish([TenantEntry(1, "dev")], generation: 2)
        #expect(!isGood(caller))
    }

    @Test func aTokenWithoutScopesHasTheIssuers() throws {
        directory.publish([TenantEntry(1, "dev") { $0.issuers = [issuer] }], generation: 1)
        for (claim, scopes) in [("", [.send, .read]), (#","scope":"""#, []), (#","scope":"admin""#, [])]
            as [(String, Scopes)]
        {
            let claim = try #require(try claimed(claim))
            #expect(principal(.token(claim.identity))?.scopes == scopes)
        }
    }
}
