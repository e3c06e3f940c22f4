internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import JSON
package import SMSModel
internal import Storage

/// Recipients who have opted out of a tenant's messages.
extension ConfigurationService {
    /// Puts numbers on a tenant's list of opt-outs.
    /// - Parameters:
    ///   - name: the tenant's; "" = the caller's own.
    ///   - texts: E.164 with a plus.
    ///   - reply: is told how many were not on it before.
    package func suppress(
        _ texts: [String], of name: String = "", reason: String = "", origin: SuppressionOrigin = .operatorRequest,
        for caller: Caller, _ reply: @escaping Reply<Int>
    ) {
        do throws(GatewayError) {
            let (tenant, numbers) = try suppressible(texts, of: name, for: caller)
            add(
                numbers, OptOutNote(reason: reason, origin: origin), to: tenant,
                by: caller.auditContext(at: clock.now()), reply)
        } catch {
            reply(.failure(error))
        }
    }

    /// Takes numbers off a tenant's list of opt-outs; parameters are those of ``suppress(_:of:reason:origin:for:_:)``.
    /// - Parameter reply: is told how many were on it, or were refused by carriers.
    package func unsuppress(
        _ texts: [String], of name: String = "", reason: String = "", for caller: Caller, _ reply: @escaping Reply<Int>
    ) {
        let tenant: Tenant
        let numbers: [UInt64]
        do throws(GatewayError) {
            (tenant, numbers) = try suppressible(texts, of: name, for: caller)
        } catch {
            return reply(.failure(error))
        }
        let context = caller.auditContext(at: clock.now())
        // Who is to be sent to again is asked of carriers again, too.
        writer.command(
            .forgetCarrierOptOuts(numbers, tenant.id) { [self] result in
                switch result {
                case .success(let forgotten):
                    remove(numbers, reason, from: tenant, forgotten: forgotten, by: context, reply)
                case .failure(let error): reply(.failure(error))
                }
            })
    }

    private func suppressible(
        _ texts: [String], of name: String, for caller: Caller
    ) throws(GatewayError) -> (Tenant, [UInt64]) {
        try caller.require(.cancel)
        return (try tenants.subject(named: name, of: caller.principal), try Self.numbers(texts))
    }

    /// Why numbers are put on the list.
    private struct OptOutNote {
        var reason: String
        var origin: SuppressionOrigin
    }

    private func add(
        _ numbers: [UInt64], _ note: OptOutNote, to tenant: Tenant, by context: AuditContext,
        _ reply: @escaping Reply<Int>
    ) {
        let (id, name, reason, origin) = (tenant.id, tenant.name, note.reason, note.origin)
        perform(reply) { [suppressionList] (store, now) throws(StoreError) in
            // Every list is in memory, and is looked at for each message.
            let known = suppressionList.count(of: id)
            let new = numbers.count { !suppressionList.contains($0, of: id) }
            guard new == 0 || known + new <= Limits.suppressionsOfTenant else { return .refused(.listIsFull) }
            var changed: [UInt64] = []
            for number in numbers {
                let entry = SuppressionRecord(tenant: id, number: number, at: now, reason: reason, origin: origin)
                if try store.administration.suppress(entry) { changed.append(number) }
            }
            guard !changed.isEmpty else { return .done(0) }
            var what = Self.audited(changed, reason)
            if origin == .importedList { what["origin"] = .string(origin.name) }
            try store.administration.append(
                AuditRecord(.suppress, "tenant \(name)", by: context, after: .object(what)))
            return .done(changed.count) { [changed] in suppressionList.add(changed, of: id) }
        }
    }

    /// - Parameter forgotten: numbers that carriers had refused.
    private func remove(
        _ numbers: [UInt64], _ reason: String, from tenant: Tenant, forgotten: Set<UInt64>, by context: AuditContext,
        _ reply: @escaping Reply<Int>
    ) {
        let (id, name) = (tenant.id, tenant.name)
        perform(reply) { [suppressionList] (store, now) throws(StoreError) in
            var changed: [UInt64] = []
            for number in numbers {
                let removed = try store.administration.unsuppress(number, tenant: id) { _ in true }
                if !removed.isEmpty || forgotten.contains(number) { changed.append(number) }
            }
            guard !changed.isEmpty else { return .done(0) }
            try store.administration.append(
                AuditRecord(
                    .unsuppress, "tenant \(name)", by: context, before: .object(Self.audited(changed, reason))))
            return .done(changed.count) { [changed] in suppressionList.remove(changed, of: id) }
        }
    }

    private static func audited(_ numbers: [UInt64], _ reason: String) -> [TextKey: JSONValue] {
        var what: [TextKey: JSONValue] = ["numbers": .array(numbers.map { .string("+\($0)") })]
        if !reason.isEmpty { what["reason"] = .string(reason) }
        return what
    }

    /// A page of a tenant's opt-outs, or of the recipients whom carriers refuse, by their numbers.
    /// - Parameters:
    ///   - name: the tenant's; "" = the caller's own.
    ///   - text: only this number; "" = all.
    ///   - cursor: as the page before gave it; empty = the first page.
    package func suppressions(
        of name: String = "", number text: String = "", limit: Int? = nil, cursor: [UInt8] = [],
        atCarriers: Bool = false,
        for caller: Caller, _ reply: @escaping Reply<SuppressionPage>
    ) {
        var after: UInt64 = 0
        var only: UInt64?
        let tenant: TenantID
        do throws(GatewayError) {
            try caller.require(.read)
            tenant = try tenants.subject(named: name, of: caller.principal).id
            if !text.isEmpty { only = try Self.number(text, "number") }
            if !cursor.isEmpty {
                guard let cursor = SuppressionCursor(bytes: cursor) else { throw .badCursor }
                after = cursor.last
            }
        } catch {
            return reply(.failure(error))
        }
        let limit = limit ?? Limits.suppressionsDefault
        reader.ask(caller.asker) { [after, only] reader in
            reply(
                Result { () throws(GatewayError) in
                    try reading { () throws(StoreError) in
                        if atCarriers {
                            return try SuppressionPage(
                                atCarriersOf: tenant, reader, only: only, after: after, limit: limit)
                        }
                        let store = reader.administration
                        var found: [SuppressedNumber] = []
                        if let only {
                            if let entry = try store.suppression(of: only, tenant: tenant) { found = [entry] }
                        } else {
                            found = try store.suppressions(of: tenant, after: after, limit: limit)
                        }
                        let isFull = only == nil && found.count == limit
                        return SuppressionPage(
                            entries: found.map(SuppressionPage.Entry.init),
                            cursor: isFull
                                ? found.last.map { SuppressionCursor(last: $0.first.number).bytes } ?? [] : [],
                            total: try store.suppressionCount(of: tenant))
                    }
                })
        }
    }

    private static func numbers(_ texts: [String]) throws(GatewayError) -> [UInt64] {
        var numbers: [UInt64] = []
        var violations: [FieldViolation] = []
        for (place, text) in texts.enumerated() where violations.count < Limits.violationsPerRefusal {
            do throws(GatewayError) {
                numbers.append(try number(text, "numbers[\(place)]"))
            } catch {
                violations += error.violations
            }
        }
        if let first = violations.first {
            throw GatewayError(
                .invalidArgument, "\(first.field): \(first.description)", violations: violations, notProcessed: true)
        }
        return numbers
    }

    private static func number(_ text: String, _ field: String) throws(GatewayError) -> UInt64 {
        let problem = Array(text.utf8).withUnsafeBytes { PhoneNumber.check($0) }
        guard problem == nil, let number = UInt64(text.dropFirst()) else {
            let description = problem?.description ?? "is no number"
            throw GatewayError(
                .invalidArgument, description, violations: [FieldViolation(field: field, description: description)],
                notProcessed: true)
        }
        return number
    }
}

extension SuppressionPage {
    /// A page of the recipients whom carriers refuse.
    fileprivate init(
        atCarriersOf tenant: TenantID, _ reader: SQLiteStatusReader, only: UInt64?, after: UInt64, limit: Int
    ) throws(StoreError) {
        let found = try reader.administration.carrierOptOuts(
            of: tenant, from: only ?? after + 1, limit: only == nil ? limit : 1)
        let providers = try reader.inbound.providers()
        var entries: [Entry] = []
        for optOut in found where only == nil || optOut.number == only {
            let reason = Reason(
                origin: .carrier, ownNumber: optOut.sender, provider: providers[optOut.provider] ?? "", at: optOut.at,
                text: optOut.code)
            let number = "+\(optOut.number)"
            if entries.last?.number == number {
                entries[entries.count - 1].reasons.append(reason)
            } else {
                entries.append(Entry(number: number, at: optOut.at, reason: optOut.code, reasons: [reason]))
            }
        }
        let isFull = only == nil && entries.count == limit
        self.init(
            entries: entries, cursor: isFull ? found.last.map { SuppressionCursor(last: $0.number).bytes } ?? [] : [],
            total: try reader.administration.carrierOptOutCount(of: tenant))
    }
}

extension SuppressionPage.Entry {
    fileprivate init(_ number: SuppressedNumber) {
        self.init(
            number: "+\(number.first.number)", at: number.first.at, reason: number.first.reason,
            reasons: number.entries.map { entry in
                let to = PhoneNumber.international(entry.ownNumber).map(PhoneNumber.text) ?? entry.ownNumber
                return SuppressionPage.Reason(
                    origin: entry.origin, ownNumber: to, provider: "", at: entry.at, text: entry.reason)
            })
    }
}

/// A page of recipients who have opted out. Times are milliseconds since the Unix epoch.
package struct SuppressionPage: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// E.164 with a plus.
        package var number: String
        /// The time and words of the first of its reasons.
        package var at: Int64
        package var reason: String
        package var reasons: [Reason]
    }

    package struct Reason: Hashable, Sendable {
        /// nil = it is from before origins were kept.
        package var origin: SuppressionOrigin?
        /// The number that a keyword was sent to, or the sender that a carrier refuses; "" = there is none.
        package var ownNumber: String
        /// The name of the provider whose carrier refuses; "" = it is none's.
        package var provider: String
        package var at: Int64
        package var text: String
    }

    package var entries: [Entry]
    /// For the next page; empty = this is the last.
    package var cursor: [UInt8]
    /// All that there are.
    package var total: UInt64
}

extension GatewayError {
    static let badCursor = GatewayError(
        .invalidArgument, "cursor is not one that a page had",
        violations: [FieldViolation(field: "cursor", description: "is not one that a page had")], notProcessed: true)
}

extension GatewayError {
    fileprivate static let listIsFull = GatewayError(
        .resourceExhausted, "the tenant's list of opt-outs has as many numbers as one may have",
        quota: QuotaDetail(limit: "opt_outs", maximum: UInt64(Limits.suppressionsOfTenant), unit: "numbers"),
        notProcessed: true)
}
