internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// Recipients who have opted out of a tenant's messages.
extension Administration {
    /// - Parameters:
    ///   - isAdded: else they are taken off the list.
    ///   - tenant: of which the caller has been found to have the right to speak.
    func setSuppressed(
        _ request: SuppressRequest, _ isAdded: Bool, of tenant: (id: TenantID, name: String), by act: Act,
        _ reply: @escaping Reply<SuppressResponse>
    ) {
        let numbers: [UInt64]
        do throws(GatewayError) {
            numbers = try Self.numbers(request.numbers)
        } catch {
            return reply(.failure(error))
        }
        guard !isAdded else { return add(numbers, request, to: tenant, by: act, reply) }
        // Who is to be sent to again is asked of carriers again, too.
        writer.command(
            .forgetCarrierOptOuts(numbers, tenant.id) { [self] result in
                switch result {
                case .success(let forgotten):
                    remove(numbers, request, from: tenant, forgotten: forgotten, by: act, reply)
                case .failure(let error): reply(.failure(error))
                }
            })
    }

    private func add(
        _ numbers: [UInt64], _ request: SuppressRequest, to tenant: (id: TenantID, name: String), by act: Act,
        _ reply: @escaping Reply<SuppressResponse>
    ) {
        let (id, name, reason, origin) = (tenant.id, tenant.name, request.reason, request.origin)
        perform(reply) { [audience] (store, now) throws(StoreError) in
            var changed: [UInt64] = []
            for number in numbers {
                let entry = SuppressionRecord(tenant: id, number: number, at: now, reason: reason, origin: origin)
                if try store.administration.suppress(entry) { changed.append(number) }
            }
            let response = SuppressResponse(changed: UInt32(changed.count))
            guard !changed.isEmpty else { return .done(response) }
            var what = Self.audited(changed, reason)
            if origin == .importedList { what["origin"] = .string(origin.name) }
            try store.administration.append(
                AuditRecord(.suppress, "tenant \(name)", by: act, after: .object(what)))
            return .done(response) { [changed] in audience.suppress(changed, of: id) }
        }
    }

    /// - Parameter forgotten: numbers that carriers had refused.
    private func remove(
        _ numbers: [UInt64], _ request: SuppressRequest, from tenant: (id: TenantID, name: String),
        forgotten: Set<UInt64>, by act: Act, _ reply: @escaping Reply<SuppressResponse>
    ) {
        let (id, name, reason) = (tenant.id, tenant.name, request.reason)
        perform(reply) { [audience] (store, now) throws(StoreError) in
            var changed: [UInt64] = []
            for number in numbers {
                let removed = try store.administration.unsuppress(number, tenant: id) { _ in true }
                if !removed.isEmpty || forgotten.contains(number) { changed.append(number) }
            }
            let response = SuppressResponse(changed: UInt32(changed.count))
            guard !changed.isEmpty else { return .done(response) }
            try store.administration.append(
                AuditRecord(
                    .unsuppress, "tenant \(name)", by: act, before: .object(Self.audited(changed, reason))))
            return .done(response) { [changed] in audience.unsuppress(changed, of: id) }
        }
    }

    private static func audited(_ numbers: [UInt64], _ reason: String) -> [String: JSON] {
        var what: [String: JSON] = ["numbers": .array(numbers.map { .string("+\($0)") })]
        if !reason.isEmpty { what["reason"] = .string(reason) }
        return what
    }

    func listSuppressed(
        _ request: SuppressionsRequest, of tenant: TenantID, asker: Asker,
        _ reply: @escaping Reply<SuppressionsResponse>
    ) {
        var after: UInt64 = 0
        var only: UInt64?
        do throws(GatewayError) {
            if !request.number.isEmpty { only = try Self.number(request.number, "number") }
            if !request.cursor.isEmpty {
                guard let cursor = SuppressionCursor(bytes: request.cursor) else { throw .badCursor }
                after = cursor.last
            }
        } catch {
            return reply(.failure(error))
        }
        let limit = request.limit == 0 ? Limits.suppressionsDefault : Int(request.limit)
        let isAtCarriers = request.isAtCarriers
        reader.ask(asker) { [after, only] reader in
            reply(
                Result { () throws(GatewayError) in
                    try reading { () throws(StoreError) in
                        if isAtCarriers {
                            return try SuppressionsResponse(
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
                        return SuppressionsResponse(
                            entries: found.map(SuppressionsResponse.Entry.init),
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

extension SuppressionsResponse {
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
                origin: .carrier, to: optOut.sender, provider: providers[optOut.provider] ?? "", at: optOut.at,
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

extension SuppressionsResponse.Entry {
    fileprivate init(_ number: SuppressedNumber) {
        self.init(
            number: "+\(number.first.number)", at: number.first.at, reason: number.first.reason,
            reasons: number.entries.map { entry in
                let to = PhoneNumber.international(entry.ownNumber).map(PhoneNumber.text) ?? entry.ownNumber
                return SuppressionsResponse.Reason(origin: entry.origin, to: to, at: entry.at, text: entry.reason)
            })
    }
}

extension GatewayError {
    static let badCursor = GatewayError(
        .invalidArgument, "cursor is not one that a page had",
        violations: [FieldViolation(field: "cursor", description: "is not one that a page had")], notProcessed: true)
}
