internal import ConfigurationModel
package import SMSModel

/// Reads statuses alongside the writer, with connections of its own, used by one thread. It sees what has been committed.
package final class SQLiteStatusReader {
    private let catalog: DayCatalog
    private let control: SQLiteConnection
    private let batches: BatchNames
    /// Tenants' names, generations, keys, opt-outs and the audit log.
    package let administration: AdministrationReader
    package let inbound: InboundReader
    private var open: [Day: DayReader] = [:]
    private var uses: UInt64 = 0
    /// The catalog's generation when it was last compared with what is open.
    private var generation: UInt64 = 0
    /// Counts as of a version of a day's file.
    private var tallies: [StateCountKey: (version: UInt64, counts: StateCounts)] = [:]
    /// Names by number; read again when a number is not there.
    private var providers: [UInt8: String] = [:]
    /// The same of tenants.
    private var tenantNames: [TenantID: String] = [:]
    private static let openFiles = 12
    private static let storedCounts = 4096

    private struct StateCountKey: Hashable {
        var day: Day
        var scope: Int64
    }

    /// - Parameter catalog: of a ``SQLiteMessageStore`` that is open.
    package init(_ catalog: DayCatalog) throws(StoreError) {
        self.catalog = catalog
        control = try SQLiteConnection(path: catalog.controlPath, mode: .readOnly)
        batches = try BatchNames(control)
        administration = AdministrationReader(control)
        inbound = InboundReader(control)
    }

    /// Reads a directory that nobody serves.
    package convenience init(directory: String) throws(StoreError) {
        let catalog = DayCatalog(directory: directory)
        catalog.insert(DataDirectory.days(in: directory))
        try self.init(catalog)
    }

    /// nil if the day has no file.
    func reader(of day: Day) throws(StoreError) -> DayReader? {
        let generation = catalog.generation
        if generation != self.generation {
            // A file that was removed must be let go of.
            open = open.filter { catalog.contains($0.key) }
            tallies = tallies.filter { catalog.contains($0.key.day) }
            self.generation = generation
        }
        guard catalog.contains(day) else { return nil }
        let reader: DayReader
        if let known = open[day] {
            reader = known
        } else {
            if open.count >= Self.openFiles, let oldest = open.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                open[oldest.key] = nil
            }
            reader = try DayReader(day, path: catalog.path(of: day))
            open[day] = reader
        }
        uses += 1
        reader.lastUse = uses
        return reader
    }

    /// Days with a file, oldest first.
    var days: [Day] { catalog.days }

    /// A tenant's message; nil if it has none of that id.
    /// - Parameters:
    ///   - tenant: nil = any.
    ///   - timeline: whether its timeline and its text are told.
    ///   - showsText: else its text is withheld.
    package func status(
        of id: MessageID, tenant: TenantID?, now: Int64, timeline: Bool, showsText: Bool = false
    ) throws(StoreError) -> MessageStatus? {
        let found = try reader(of: Day(of: id))?.message(
            id, tenant: tenant, now: now, showsText: timeline ? showsText : nil)
        guard let found else { return nil }
        var status = found.status
        status.tenant = try tenantName(found.tenant)
        try tell(found.lifecycle, replaced: found.replaced, now: now, timeline: timeline, in: &status)
        return status
    }

    /// Fills in what the lifecycle's events say: provider, error, timeline.
    /// - Parameter replaced: what smart encoding replaced; "" = nothing.
    private func tell(
        _ lifecycle: MessageLifecycle, replaced: String, now: Int64, timeline: Bool, in status: inout MessageStatus
    ) throws(StoreError) {
        var events = [TimelineEvent(at: status.acceptedAt, event: .accepted, state: .accepted)]
        if !replaced.isEmpty {
            events.append(
                TimelineEvent(at: status.acceptedAt, event: .smartEncoded, state: .accepted, detail: replaced))
        }
        let waits: EventKind = status.sendAt > 0 ? .scheduled : .queued
        events.append(
            TimelineEvent(
                at: status.acceptedAt, event: waits, state: status.sendAt > 0 ? .scheduled : .queued))
        var unknownProvider = false
        lifecycle.history.forEach(from: status.acceptedAt) { event in
            let name = event.provider == 0 ? "" : providers[event.provider] ?? ""
            if event.provider != 0, name.isEmpty { unknownProvider = true }
            events.append(
                TimelineEvent(
                    at: event.at, event: event.kind, state: event.state, attempt: event.attempt, provider: name,
                    detail: lifecycle.history.detail(of: event)))
        }
        if unknownProvider, try readProviders() {
            try tell(lifecycle, replaced: replaced, now: now, timeline: timeline, in: &status)
            return
        }
        var identified = 0
        var before = MessageState.accepted
        for event in events {
            defer { before = event.state }
            switch event.event {
            case .submitting: status.provider = event.provider
            case .sent, .identified:
                // Shown is the attempt that the message was sent with, else the last that has an id; and of its ids the
                // first, since a message of several parts has more.
                let isSending = event.state == .sent && before != .sent
                let isOther = isSending ? event.attempt != identified : event.attempt > identified
                if isOther, !event.detail.isEmpty { (status.providerID, identified) = (event.detail, event.attempt) }
                // What a receipt has said before the answer stands.
                if isSending { (status.error, status.provider) = (nil, event.provider) }
            case .delivered, .resent: status.error = nil
            case .settled:
                let isError = event.state == .undelivered || event.state == .failed
                status.error = isError ? Self.failure(event) : nil
            // That a provider doesn't know of one attempt is no reason why another has failed.
            case .attemptUndelivered where event.detail == MessageLifecycle.notFound: break
            case .canceled where event.state != .unknown: break
            case .rejected, .failed, .undelivered, .attemptUndelivered, .unavailable, .throttled, .outcomeUnknown,
                .interrupted, .restored, .expired, .canceled:
                status.error = Self.failure(event)
            default: break
            }
        }
        if status.receiptOverdue {
            events.append(TimelineEvent(at: lifecycle.due, event: .receiptOverdue, state: status.state))
        }
        if timeline { status.timeline = events }
    }

    private static func failure(_ event: TimelineEvent) -> MessageFailure {
        var failure = reason(event)
        if event.event.endsWaiting, event.state == .unknown {
            failure.message += failure.message.isEmpty ? "" : "; "
            failure.message += "an earlier attempt may have been taken"
        }
        return failure
    }

    private static func reason(_ event: TimelineEvent) -> MessageFailure {
        switch event.event {
        case .expired: return MessageFailure(code: "EXPIRED", message: "the validity was over before it could be sent")
        case .canceled: return MessageFailure(code: "CANCELED", message: "it was canceled")
        case .throttled:
            let message = event.detail.isEmpty ? "the provider asked for fewer messages" : event.detail
            return MessageFailure(code: "THROTTLED", message: message)
        case .unavailable:
            return MessageFailure(
                code: event.detail, message: "the provider could not be reached; it will be tried again")
        case .outcomeUnknown:
            return MessageFailure(code: event.detail, message: "the provider may have taken it, its answer was lost")
        case .interrupted: return MessageFailure(code: "INTERRUPTED", message: event.detail)
        case .restored: return MessageFailure(code: "RESTORED", message: event.detail)
        case .settled: return MessageFailure(code: "SETTLED", message: "said by \(event.detail)")
        case .attemptUndelivered:
            return MessageFailure(
                code: event.detail, message: "one attempt was not delivered, another may be yet")
        case .undelivered: return MessageFailure(code: event.detail, message: "the carrier could not deliver it")
        default:
            // "CODE: words", as the lifecycle writes it.
            guard let colon = event.detail.firstIndex(of: ":") else {
                return MessageFailure(code: event.detail, message: "")
            }
            return MessageFailure(
                code: String(event.detail[..<colon]), message: String(event.detail[colon...].dropFirst(2)))
        }
    }

    /// - Returns: whether anything was learnt.
    private func readProviders() throws(StoreError) -> Bool {
        let rows = try control.prepare("SELECT number, name FROM provider")
        let before = providers.count
        while try rows.step() { providers[UInt8(truncatingIfNeeded: rows.integer(0))] = rows.text(1) }
        return providers.count > before
    }

    /// "" if there is none of that number.
    func providerName(_ number: UInt8) throws(StoreError) -> String {
        if providers[number] == nil { _ = try readProviders() }
        return providers[number] ?? ""
    }

    /// "" if there is none of that number.
    private func tenantName(_ tenant: TenantID) throws(StoreError) -> String {
        if let name = tenantNames[tenant] { return name }
        for record in try administration.tenants() { tenantNames[record.id] = record.name }
        return tenantNames[tenant] ?? ""
    }

    private func providerNumbers() throws(StoreError) -> [UInt8] {
        _ = try readProviders()
        return Array(providers.keys)
    }

    // MARK: Batches and counts

    func batchRecord(tenant: TenantID?, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try batches.find(tenant: tenant, reference)
    }

    /// The days that may have messages of a batch, oldest first.
    func days(of batch: BatchID) throws(StoreError) -> [Day] { try batches.days(of: batch) }

    /// A tenant's batch; nil if it has none of that name or id.
    /// - Parameter tenant: nil = any, which finds by id alone.
    package func batch(
        tenant: TenantID?, _ reference: BatchReference, now: Int64
    ) throws(StoreError) -> BatchStatus? {
        guard let record = try batches.find(tenant: tenant, reference) else { return nil }
        return try status(of: record, now: now)
    }

    /// A page of the tenant's batches, those begun last first. It examines at most ``Limits/listRowsExamined``.
    /// - Parameters:
    ///   - tenant: nil = all tenants'.
    ///   - cursor: where the page before ended; nil = the first page.
    package func batches(
        tenant: TenantID?, limit: Int, cursor: ListCursor?, now: Int64
    ) throws(StoreError) -> BatchPage {
        var page = BatchPage()
        var examined = 0
        var last: BatchID?
        try batches.visit(below: cursor?.last ?? BatchID(rawValue: UInt64(Int64.max))) { (record) throws(StoreError) in
            guard page.batches.count < limit, examined < Limits.listRowsExamined else {
                page.cursor = last.map(ListCursor.init)
                return false
            }
            examined += 1
            last = record.id
            if tenant.map({ $0 == record.tenant }) ?? true { page.batches.append(try status(of: record, now: now)) }
            return true
        }
        return page
    }

    private func status(of record: BatchRecord, now: Int64) throws(StoreError) -> BatchStatus {
        let days = try batches.days(of: record.id)
        let counts = try stateCounts(scope: Int64(record.id.rawValue), days)
        let states = Self.list(counts)
        var settled = states.filter(\.state.isFinal).reduce(UInt64(max(0, counts.sentForGood))) { $0 + $1.count }
        // Receipts can only be overdue once the receipt deadline has passed since the batch began.
        if now >= record.createdAt + Limits.receiptDeadlineMilliseconds,
            states.contains(where: { $0.state == .sent || $0.state == .unknown })
        {
            for day in days { settled += try reader(of: day)?.overdue(record.id, now: now) ?? 0 }
        }
        let paused = try control.integer("SELECT count(*) FROM pause WHERE target = 'batch \(record.id)'") > 0
        var status = BatchStatus(
            id: record.id, name: record.name, messages: states.reduce(0) { $0 + $1.count }, settled: settled,
            states: states, canceled: record.canceled, paused: paused, createdAt: record.createdAt)
        status.tenant = try tenantName(record.tenant)
        return status
    }

    /// The tenant's messages by state.
    /// - Parameter tenant: nil = all tenants'.
    package func states(tenant: TenantID?) throws(StoreError) -> [StateCount] {
        Self.list(try stateCounts(scope: tenant.map { -Int64($0.rawValue) } ?? Self.everyTenant, catalog.days))
    }

    /// Stands for the scopes of all tenants together.
    static let everyTenant = Int64.min

    private func stateCounts(scope: Int64, _ days: [Day]) throws(StoreError) -> StateCounts {
        var sums = StateCounts()
        for day in days { sums.add(try stateCounts(scope: scope, day)) }
        return sums
    }

    private static func list(_ counts: StateCounts) -> [StateCount] {
        counts.states.filter { $0.value > 0 }.map { StateCount(state: $0.key, count: UInt64($0.value)) }
            .sorted { $0.state.rawValue < $1.state.rawValue }
    }

    /// The day's part of a tenant's or a batch's counts. Read again only after its file has changed: most never do.
    func stateCounts(scope: Int64, _ day: Day) throws(StoreError) -> StateCounts {
        // Asked first: what is committed in between is counted at the next question at the latest.
        guard let version = catalog.version(of: day) else { return StateCounts() }
        let key = StateCountKey(day: day, scope: scope)
        if let known = tallies[key], known.version == version { return known.counts }
        guard let reader = try reader(of: day) else { return StateCounts() }
        let counts =
            scope == Self.everyTenant ? try reader.stateCountsOfEveryTenant() : try reader.stateCounts(scope: scope)
        if tallies.count >= Self.storedCounts { tallies.removeAll() }
        tallies[key] = (version, counts)
        return counts
    }

    // MARK: By reference and by provider's id

    /// The tenant's messages with that reference, newest first, at most `limit`.
    ///
    /// They have their timelines, unless there are more than ``Limits/statusIDsWithTimeline``.
    package func statuses(
        reference: String, tenant: TenantID, now: Int64, limit: Int, showsText: Bool = false
    ) throws(StoreError) -> [MessageStatus] {
        let hash = Self.hash(ofReference: reference, tenant)
        return try statuses(.reference, [hash], tenant: tenant, now: now, limit: limit, showsText: showsText) {
            $0.reference == reference
        }
    }

    static func hash(ofReference reference: String, _ tenant: TenantID) -> UInt64 {
        var text = reference
        return text.withUTF8 {
            IndexKind.reference.hash(UnsafeRawBufferPointer($0), scope: Int64(tenant.rawValue))
        }
    }

    /// The tenant's messages to which a provider gave that id in one of their attempts, newest first, at most `limit`.
    ///
    /// They have their timelines, unless there are more than ``Limits/statusIDsWithTimeline``.
    /// - Parameter tenant: nil = any.
    package func statuses(
        providerID: String, tenant: TenantID?, now: Int64, limit: Int, showsText: Bool = false
    ) throws(StoreError) -> [MessageStatus] {
        var text = providerID
        let hashes = try providerNumbers().map { number in
            text.withUTF8 { IndexKind.providerID.hash(UnsafeRawBufferPointer($0), scope: Int64(number)) }
        }
        return try statuses(
            .providerID, hashes, tenant: tenant, now: now, limit: limit, showsText: showsText
        ) { status in
            status.timeline.contains { ($0.event == .sent || $0.event == .identified) && $0.detail == providerID }
        }
    }

    /// Without their timelines and texts, if they are many.
    private static func fitting(_ statuses: [MessageStatus]) -> [MessageStatus] {
        guard statuses.count > Limits.statusIDsWithTimeline else { return statuses }
        return statuses.map { status in
            var status = status
            status.timeline = []
            status.body = .untold
            return status
        }
    }

    private func statuses(
        _ kind: IndexKind, _ hashes: [UInt64], tenant: TenantID?, now: Int64, limit: Int, showsText: Bool,
        where matches: (MessageStatus) -> Bool
    ) throws(StoreError) -> [MessageStatus] {
        var found: [MessageStatus] = []
        for day in catalog.days.reversed() {
            guard let reader = try reader(of: day) else { continue }
            for id in Set(try reader.candidates(kind, Set(hashes))).sorted(by: >) {
                let status = try status(of: id, tenant: tenant, now: now, timeline: true, showsText: showsText)
                guard let status, matches(status) else { continue }
                found.append(status)
                if found.count == limit { return Self.fitting(found) }
            }
        }
        return Self.fitting(found)
    }
}
