internal import Access
internal import ConfigurationModel
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// The methods about opt-outs, usage, the configuration, keys and the audit log.
extension GatewayService {
    func configure(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        let configuration = gateway.configuration
        switch method {
        case .suppress:
            let message = try request.decode(SuppressRequest.self)
            configuration.suppress(
                message.numbers, of: message.tenant, reason: message.reason, origin: message.origin, for: caller,
                later(request, on: connection, SuppressResponse.init(count:)))
        case .unsuppress:
            let message = try request.decode(SuppressRequest.self)
            configuration.unsuppress(
                message.numbers, of: message.tenant, reason: message.reason, for: caller,
                later(request, on: connection, SuppressResponse.init(count:)))
        case .suppressions:
            let message = try request.decode(SuppressionsRequest.self)
            configuration.suppressions(
                of: message.tenant, number: message.number, limit: message.limit.unlessZero, cursor: message.cursor,
                atCarriers: message.isAtCarriers, for: caller, later(request, on: connection, SuppressionsResponse.init)
            )
        case .usage:
            let message = try request.decode(UsageRequest.self)
            configuration.usage(
                of: TenantSelection(message.tenant, all: UsageRequest.everyTenant), for: caller,
                later(request, on: connection) { UsageResponse(tenants: $0.map(UsageResponse.Tenant.init)) })
        case .audit:
            let message = try request.decode(AuditRequest.self)
            configuration.audit(
                before: message.before == 0 ? nil : message.before, limit: message.limit.unlessZero, for: caller,
                later(request, on: connection) { AuditResponse(entries: $0.map(AuditResponse.Entry.init)) })
        case .keyList, .keyCreate, .keyRevoke:
            try administerKeys(method, request, for: caller, on: connection)
        default:
            try changeConfiguration(method, request, for: caller, on: connection)
        }
    }

    private func changeConfiguration(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        let configuration = gateway.configuration
        switch method {
        case .configApply:
            let message = try request.decode(ConfigApplyRequest.self)
            configuration.apply(
                message.document, isPartial: message.isPartial,
                .init(isDryRun: message.isDryRun, ifGeneration: message.ifGeneration, mayRemove: message.mayRemove),
                note: message.note, for: caller, later(request, on: connection, ConfigApplyResponse.init))
        case .configRollback:
            let message = try request.decode(ConfigRollbackRequest.self)
            configuration.rollBack(
                to: message.toGeneration, isDryRun: message.isDryRun, note: message.note, for: caller,
                later(request, on: connection, ConfigApplyResponse.init))
        case .configHistory:
            let message = try request.decode(ConfigHistoryRequest.self)
            configuration.history(
                before: message.before == 0 ? nil : message.before, limit: message.limit.unlessZero, for: caller,
                later(request, on: connection) {
                    ConfigHistoryResponse(generations: $0.map(ConfigHistoryResponse.Generation.init))
                })
        default:
            let message = try request.decode(ConfigShowRequest.self)
            configuration.show(
                generation: message.generation, kind: message.kind, name: message.name, for: caller,
                later(request, on: connection) {
                    ConfigShowResponse(generation: $0.generation, document: $0.document)
                })
        }
    }

    private func administerKeys(
        _ method: RPCMethod, _ request: RPCRequest, for caller: Caller, on connection: RPCServerConnection
    ) throws(GatewayError) {
        let configuration = gateway.configuration
        switch method {
        case .keyCreate:
            let message = try request.decode(KeyCreateRequest.self)
            configuration.createKey(
                of: message.tenant, scopes: message.scopes, note: message.note,
                lifetime: message.lifetime == 0 ? nil : Int64(message.lifetime), for: caller,
                later(request, on: connection) {
                    KeyCreateResponse(key: KeyDescription($0.key), secret: $0.secret)
                })
        case .keyRevoke:
            let id = try request.decode(KeyRevokeRequest.self).id
            configuration.revokeKey(
                id, for: caller, later(request, on: connection) { KeyRevokeResponse(key: KeyDescription($0)) })
        default:
            let message = try request.decode(KeyListRequest.self)
            configuration.listKeys(
                of: message.tenant, limit: message.limit.unlessZero, cursor: message.cursor, for: caller,
                later(request, on: connection) {
                    KeyListResponse(keys: $0.keys.map { KeyDescription($0) }, cursor: $0.cursor)
                })
        }
    }
}

extension SuppressResponse {
    fileprivate init(count: Int) { self.init(changed: UInt32(count)) }
}

extension SuppressionsResponse {
    fileprivate init(_ page: SuppressionPage) {
        self.init(
            entries: page.entries.map { entry in
                Entry(
                    number: entry.number, at: entry.at, reason: entry.reason,
                    reasons: entry.reasons.map {
                        Reason(origin: $0.origin, to: $0.ownNumber, provider: $0.provider, at: $0.at, text: $0.text)
                    })
            },
            cursor: page.cursor, total: page.total)
    }
}

extension UsageResponse.Tenant {
    fileprivate init(_ usage: TenantUsageSummary) {
        self.init(name: usage.tenant)
        optedOutAtCarriers = usage.optedOutAtCarriers
        segmentsToday = usage.used.segmentsToday
        segmentsPerDay = usage.quota.segmentsPerDay ?? 0
        costThisMonth = usage.used.costThisMonth
        costPerMonth = usage.quota.costPerMonth ?? 0
        waitingMessages = usage.used.waitingMessages
        waitingMaximum = usage.quota.waitingMessages ?? 0
    }
}

extension AuditResponse.Entry {
    fileprivate init(_ record: AuditRecord) {
        self.init(
            id: record.id, at: record.context.at, actor: record.context.actor, peer: record.context.peer,
            verb: record.verb,
            subject: record.subject, before: record.before, after: record.after, note: record.context.note)
    }
}

extension KeyDescription {
    fileprivate init(_ key: KeySummary) {
        self.init(
            id: key.id, tenant: key.tenant, scopes: key.scopes.names, note: key.note, createdAt: key.createdAt,
            expiresAt: key.expiresAt ?? 0, revokedAt: key.revokedAt ?? 0, lastUsedAt: key.lastUsedAt ?? 0)
    }
}

extension ConfigChange {
    fileprivate init(_ change: ConfigurationChange) {
        self.init(
            kind: change.kindInDocuments, name: change.name, before: change.before ?? "", after: change.after ?? "")
    }
}

extension ConfigApplyResponse {
    fileprivate init(_ result: ConfigurationResult) {
        self.init(generation: result.generation, changes: result.changes.map(ConfigChange.init))
    }
}

extension ConfigHistoryResponse.Generation {
    fileprivate init(_ generation: ConfigurationGeneration) {
        let (record, changes) = (generation.record, generation.changes)
        self.init(
            number: record.number, at: record.context.at, actor: record.context.actor, peer: record.context.peer,
            note: record.context.note, changes: changes.map(ConfigChange.init))
    }
}
