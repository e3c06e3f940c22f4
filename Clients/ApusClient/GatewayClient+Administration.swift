internal import RPCWire
internal import SMSModel

/// What a key with the scope `admin` may ask. docs/tenants.md explains the configuration and its settings.
extension GatewayClient {
    // MARK: The configuration

    /// The dynamic configuration, or a part of it.
    ///
    /// - Parameters:
    ///   - generation: one of before; nil = the newest.
    ///   - kind: only objects of this kind, such as `tenants`; nil = all.
    ///   - name: only this one of the kind; nil = all.
    /// - Throws: NOT_FOUND if there is no such generation or object.
    public func configuration(
        generation: UInt32? = nil, kind: String? = nil, name: String? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> GatewayConfiguration {
        let response: ConfigShowResponse = try await call(
            .configShow, ConfigShowRequest(generation: generation ?? 0, kind: kind ?? "", name: name ?? ""),
            timeout: timeout)
        return GatewayConfiguration(generation: response.generation, document: response.document)
    }

    /// Makes a configuration the newest generation: checked whole and applied whole, or refused.
    ///
    /// - Parameters:
    ///   - document: JSON of at most 1 MiB, such as `{"tenants": {"shop": {"weight": 5}}}`.
    ///   - partial: objects that the document doesn't name stay as they are, and null removes one.
    ///   - dryRun: only checks, and tells what would change.
    ///   - ifGeneration: the generation that must still be the newest; nil = whichever it is.
    ///   - note: for the history, at most 256 bytes.
    ///   - remove: whether providers and routes may be removed, which a document that doesn't name them does.
    /// - Throws: INVALID_ARGUMENT, whose violations name paths in the document, such as `tenants.shop.weight`; ABORTED
    ///   unless `ifGeneration` is the newest; FAILED_PRECONDITION for what the state of things forbids, such as
    ///   removing a tenant of which messages wait, or a provider without `remove`.
    public func apply(
        _ document: String, partial: Bool = false, dryRun: Bool = false, ifGeneration: UInt32? = nil,
        note: String = "", remove: Bool = false, timeout: Duration? = nil
    ) async throws(ApusError) -> AppliedConfiguration {
        let request = ConfigApplyRequest(
            document: document, isPartial: partial, isDryRun: dryRun, ifGeneration: ifGeneration ?? 0, note: note,
            mayRemove: remove)
        let response: ConfigApplyResponse = try await call(
            .configApply, request, isDryRun: dryRun, timeout: timeout)
        return AppliedConfiguration(response)
    }

    /// Makes a new generation that is like an old one. Keys, opt-outs and messages stay as they are: what was revoked
    /// stays revoked.
    ///
    /// - Throws: NOT_FOUND if there was no such generation, and what ``apply(_:partial:dryRun:ifGeneration:note:remove:timeout:)``
    ///   throws.
    public func rollBack(
        to generation: UInt32, dryRun: Bool = false, note: String = "", timeout: Duration? = nil
    ) async throws(ApusError) -> AppliedConfiguration {
        let response: ConfigApplyResponse = try await call(
            .configRollback, ConfigRollbackRequest(toGeneration: generation, isDryRun: dryRun, note: note),
            isDryRun: dryRun, timeout: timeout)
        return AppliedConfiguration(response)
    }

    /// Generations of the configuration, newest first.
    ///
    /// - Parameters:
    ///   - limit: 1 to 1000. There may be fewer though there are older ones; none means that there are no more.
    ///   - before: only generations below it; nil = from the newest.
    public func generations(
        limit: Int = 20, before: UInt32? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> [ConfigurationGeneration] {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let response: ConfigHistoryResponse = try await call(
            .configHistory, ConfigHistoryRequest(limit: UInt32(clamping: limit), before: before ?? 0), timeout: timeout)
        return response.generations.map(ConfigurationGeneration.init)
    }

    // MARK: Keys

    /// One page of the keys that were made, by the time of their making, revoked ones too; the one that the daemon's
    /// file names is not among them.
    ///
    /// - Parameters:
    ///   - tenant: only those of this tenant; nil = all.
    ///   - limit: keys of the page, 1 to 1000.
    ///   - cursor: that of the page before; nil = the first page.
    public func keys(
        tenant: String? = nil, limit: Int = 1000, after cursor: KeyCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> KeyPage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = KeyListRequest(
            tenant: tenant ?? "", limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [])
        let response: KeyListResponse = try await call(.keyList, request, timeout: timeout)
        return KeyPage(response)
    }

    /// Makes a key. Its secret is told by this call alone: the gateway keeps a hash of it.
    ///
    /// - Parameters:
    ///   - scopes: what it may do; empty = the three of messages.
    ///   - note: at most 256 bytes.
    ///   - lifetime: to the millisecond; nil = until it is revoked.
    /// - Throws: NOT_FOUND if there is no such tenant.
    public func createKey(
        tenant: String, scopes: [KeyScope] = [], note: String = "", lifetime: Duration? = nil,
        timeout: Duration? = nil
    ) async throws(ApusError) -> CreatedKey {
        var milliseconds: UInt64 = 0
        if let lifetime {
            guard lifetime >= .milliseconds(1) else { throw .invalidField("lifetime_ms", "is not positive") }
            milliseconds = UInt64(clamping: lifetime.milliseconds)
        }
        let request = KeyCreateRequest(
            tenant: tenant, scopes: scopes.map(\.rawValue), note: note, lifetime: milliseconds)
        let response: KeyCreateResponse = try await call(.keyCreate, request, timeout: timeout)
        return CreatedKey(key: KeyDescription(response.key), secret: response.secret)
    }

    /// Revokes a key: once this returns it opens nothing any more, on open connections too. A repeat finds it revoked.
    ///
    /// - Parameter id: its first 8 characters after `apus_`.
    /// - Throws: NOT_FOUND if there is no such key.
    public func revokeKey(_ id: String, timeout: Duration? = nil) async throws(ApusError) -> KeyDescription {
        let response: KeyRevokeResponse = try await call(.keyRevoke, KeyRevokeRequest(id: id), timeout: timeout)
        return KeyDescription(response.key)
    }

    // MARK: Audit

    /// What was done to the gateway, by whom and from where, newest first.
    ///
    /// - Parameters:
    ///   - limit: 1 to 1000. There may be fewer though there are older ones; none means that there are no more.
    ///   - before: only entries whose id is lower; nil = from the newest.
    public func audit(
        limit: Int = 100, before: Int64? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> [AuditEntry] {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let response: AuditResponse = try await call(
            .audit, AuditRequest(limit: UInt32(clamping: limit), before: before ?? 0), timeout: timeout)
        return response.entries.map(AuditEntry.init)
    }

    // MARK: Providers

    /// Tries a provider of the configuration out, without sending anything.
    /// - Throws: NOT_FOUND if there is none of that name.
    public func testProvider(_ name: String, timeout: Duration? = nil) async throws(ApusError) -> ProviderTest {
        let response: ProviderTestResponse = try await call(
            .providerTest, ProviderTestRequest(name: name), timeout: timeout)
        return ProviderTest(response)
    }
}
