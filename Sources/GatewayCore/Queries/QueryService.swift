package import Access
package import Admission
internal import ConfigurationModel
package import Engine
package import SMSModel
internal import Storage

/// Answers questions about messages: a caller sees its own tenant's only, an administrator what it asks for.
package final class QueryService: Sendable {
    let reader: StoreReader
    let writer: Writer
    let clock: GatewayClock
    let tenants: TenantDirectory
    let suppressions: SuppressionList
    let monitor: GatewayMonitor
    private let audit: ReadingAudit
    /// The numbers that a tenant names as its senders.
    let ownNumbers: @Sendable (TenantID) -> Set<OwnNumber>

    package init(
        reader: StoreReader, writer: Writer, clock: GatewayClock, tenants: TenantDirectory,
        suppressions: SuppressionList, monitor: GatewayMonitor, configuration: ConfigurationService
    ) {
        self.reader = reader
        self.writer = writer
        self.clock = clock
        self.tenants = tenants
        self.suppressions = suppressions
        self.monitor = monitor
        audit = ReadingAudit(writer: writer, clock: clock)
        ownNumbers = { configuration.ownNumbers(of: $0) }
    }

    /// Has the reader's thread find an answer in messages, once it is in the audit log that they are read, where they are
    /// others' than the caller's own.
    /// - Parameter owner: whose messages they are; nil = every tenant's.
    func find<Answer: Sendable>(
        in owner: Tenant?, for caller: Caller, _ reply: @escaping Reply<Answer>,
        _ answer: @escaping @Sendable (SQLiteStatusReader, _ now: Int64) throws(GatewayError) -> Answer
    ) {
        guard owner?.id != caller.tenant.id else { return find(for: caller, reply, answer) }
        let (asker, deadline) = (caller.asker, caller.deadline)
        audit.enter(owner, readBy: caller) { [self] error in
            if let error { return reply(.failure(error)) }
            find(asker, deadline, reply, answer)
        }
    }

    /// Has the reader's thread find an answer, unless the caller's deadline is over by then.
    func find<Answer: Sendable>(
        for caller: Caller, _ reply: @escaping Reply<Answer>,
        _ answer: @escaping @Sendable (SQLiteStatusReader, _ now: Int64) throws(GatewayError) -> Answer
    ) {
        find(caller.asker, caller.deadline, reply, answer)
    }

    private func find<Answer: Sendable>(
        _ asker: Asker, _ deadline: Int64?, _ reply: @escaping Reply<Answer>,
        _ answer: @escaping @Sendable (SQLiteStatusReader, _ now: Int64) throws(GatewayError) -> Answer
    ) {
        reader.ask(asker) { [clock] reader in
            reply(
                Result { () throws(GatewayError) in
                    let now = try clock.now(before: deadline)
                    return try answer(reader, now)
                })
        }
    }

    /// What became of messages, or of a batch.
    package func status(
        _ query: StatusQuery, of selection: TenantSelection = .own, for caller: Caller,
        _ reply: @escaping Reply<StatusResult>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
            let owner = try tenants.subject(selection, of: caller)
            if owner == nil, let violation = query.violationWithoutTenant { throw .invalid([violation]) }
            let sight = Sight(tenant: owner?.id, showsText: caller.seesTexts)
            find(in: owner, for: caller, addingWaitReasons(for: caller, reply)) { (reader, now) throws(GatewayError) in
                try reader.result(of: query, sight, now: now)
            }
        } catch {
            reply(.failure(error))
        }
    }

    /// Has the writer say of a few messages why they wait; an answer without them is as it was.
    private func addingWaitReasons(
        for caller: Caller, _ reply: @escaping Reply<StatusResult>
    ) -> Reply<StatusResult> {
        let (writer, tellsWho) = (writer, caller.isAdministrator)
        return { result in
            guard case .success(let status) = result else { return reply(result) }
            let waiting = status.messages.filter { $0.state == .queued || $0.state == .scheduled }.map(\.id)
            guard !waiting.isEmpty, status.messages.count <= Limits.waitReasons else { return reply(result) }
            writer.command(
                .waitReasons(waiting, tellsWho: tellsWho) { answer in
                    var status = status
                    // What the writer doesn't say is left out: the rest is known.
                    let reasons = (try? answer.get()) ?? [:]
                    for index in status.messages.indices {
                        status.messages[index].waiting = reasons[status.messages[index].id]
                    }
                    reply(.success(status))
                })
        }
    }

    /// A page of messages.
    /// - Parameter cursor: as the page before gave it; empty = the first page.
    package func list(
        _ filter: MessageFilter, of selection: TenantSelection = .own, limit: Int?, cursor: [UInt8] = [],
        oldestFirst: Bool = false, for caller: Caller, _ reply: @escaping Reply<MessagePage>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
            let query = try ListQuery(checking: filter, limit: limit, cursor: cursor, oldestFirst: oldestFirst)
            let owner = try tenants.subject(selection, of: caller)
            if owner == nil, case .name = filter.batch { throw .batchWithoutTenant }
            find(in: owner, for: caller, reply) { (reader, now) throws(GatewayError) in
                let page = try reading { () throws(StoreError) in try reader.list(query, tenant: owner?.id, now: now) }
                guard let page else { throw .noSuchBatch }
                return page
            }
        } catch {
            reply(.failure(error))
        }
    }

    /// A page of batches, those begun last first.
    /// - Parameter cursor: as the page before gave it; empty = the first page.
    package func batches(
        of selection: TenantSelection = .own, limit: Int?, cursor: [UInt8] = [], for caller: Caller,
        _ reply: @escaping Reply<BatchPage>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
            let owner = try tenants.subject(selection, of: caller)
            let last = ListCursor(bytes: cursor)
            if last == nil, !cursor.isEmpty { throw .invalid([.badCursor]) }
            find(in: owner, for: caller, reply) { (reader, now) throws(GatewayError) in
                try reading { () throws(StoreError) in
                    try reader.batches(
                        tenant: owner?.id, limit: limit ?? Limits.listBatchesDefault, cursor: last, now: now)
                }
            }
        } catch {
            reply(.failure(error))
        }
    }

    /// The messages of which nobody knows whether they were sent.
    /// - Parameters:
    ///   - provider: only those that it may have taken; "" = any.
    ///   - cursor: as the page before gave it; empty = the first page.
    package func unresolved(
        of selection: TenantSelection, provider: String = "", limit: Int?, cursor: [UInt8] = [],
        oldestFirst: Bool = false, for caller: Caller, _ reply: @escaping Reply<UnresolvedPage>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
            let owner = try tenants.subject(selection, of: caller)
            var query = UnknownQuery(provider: provider, oldestFirst: oldestFirst)
            if let limit { query.limit = limit }
            query.cursor = ListCursor(bytes: cursor)
            if query.cursor == nil, !cursor.isEmpty { throw .invalid([.badCursor]) }
            find(in: owner, for: caller, reply) { [query, tenants] (reader, now) throws(GatewayError) in
                let page = try reading { () throws(StoreError) in
                    try reader.unknown(query, tenant: owner?.id, now: now)
                }
                return UnresolvedPage(page) { tenants.tenant(id: $0)?.name ?? String($0.rawValue) }
            }
        } catch {
            reply(.failure(error))
        }
    }

    /// Counts. Only administrators are told of the gateway as a whole, others of their own messages.
    /// - Parameter selection: a tenant that is named is told of as it is told itself; else an administrator is told of
    ///   the gateway, with its own messages by state or those of all tenants.
    package func statistics(
        of selection: TenantSelection = .own, for caller: Caller, _ reply: @escaping Reply<GatewayStatistics>
    ) {
        let owner: Tenant?
        do throws(GatewayError) {
            try caller.require(.read)
            owner = try tenants.subject(selection, of: caller)
        } catch {
            return reply(.failure(error))
        }
        let (asker, deadline) = (caller.asker, caller.deadline)
        guard let tenant = owner?.id, selection != .own || !caller.isAdministrator else {
            return monitor.statistics { [reader, clock] statistics in
                reader.ask(asker) { reader in
                    reply(
                        Result { () throws(GatewayError) in
                            _ = try clock.now(before: deadline)
                            var statistics = statistics
                            statistics.states = try reading { () throws(StoreError) in
                                try reader.states(tenant: owner?.id)
                            }
                            return statistics
                        })
                }
            }
        }
        writer.command(
            .load(tenant) { [self] load in
                reader.ask(asker) { [clock] reader in
                    reply(
                        Result { () throws(GatewayError) in
                            let load = try load.get()
                            _ = try clock.now(before: deadline)
                            let states = try reading { () throws(StoreError) in try reader.states(tenant: tenant) }
                            return GatewayStatistics(states, load)
                        })
                }
            })
    }
}

/// A page of the messages of which nobody knows whether they were sent.
package struct UnresolvedPage: Hashable, Sendable {
    package struct Message: Hashable, Sendable {
        /// Without its timeline; its `error` says why nobody knows.
        package var status: MessageStatus
        /// Milliseconds since the Unix epoch.
        package var since: Int64
        /// The tenant's name.
        package var tenant: String
    }

    package var messages: [Message]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]

    init(_ page: UnknownPage, name: (TenantID) -> String) {
        messages = page.messages.map { Message(status: $0.status, since: $0.since, tenant: name($0.tenant)) }
        cursor = page.cursor?.bytes ?? []
    }
}
