internal import ConfigurationModel
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
        let (id, name, reason) = (tenant.id, tenant.name, request.reason)
        perform(reply) { [audience] (store, now) throws(StoreError) in
            var changed: [UInt64] = []
            for number in numbers {
                let isChanged =
                    isAdded
                    ? try store.administration.suppress(
                        SuppressionRecord(tenant: id, number: number, at: now, reason: reason))
                    : try store.administration.unsuppress(number, tenant: id)
                if isChanged { changed.append(number) }
            }
            let response = SuppressResponse(changed: UInt32(changed.count))
            guard !changed.isEmpty else { return .done(response) }
            var what: [String: JSON] = ["numbers": .array(changed.map { .string("+\($0)") })]
            if !reason.isEmpty { what["reason"] = .string(reason) }
            try store.administration.append(
                isAdded
                    ? AuditRecord(.suppress, "tenant \(name)", by: act, after: .object(what))
                    : AuditRecord(.unsuppress, "tenant \(name)", by: act, before: .object(what)))
            return .done(response) { [changed] in
                if isAdded { audience.suppress(changed, of: id) } else { audience.unsuppress(changed, of: id) }
            }
        }
    }

    func listSuppressed(
        _ request: SuppressionsRequest, of tenant: TenantID, asker: RPCConnectionID,
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
        desk.ask(asker) { [after, only] reader in
            reply(
                Result { () throws(GatewayError) in
                    try reading { () throws(StoreError) in
                        let store = reader.administration
                        var found: [SuppressionRecord] = []
                        if let only {
                            if let entry = try store.suppression(of: only, tenant: tenant) { found = [entry] }
                        } else {
                            found = try store.suppressions(of: tenant, after: after, limit: limit)
                        }
                        let isFull = only == nil && found.count == limit
                        return SuppressionsResponse(
                            entries: found.map { .init(number: "+\($0.number)", at: $0.at, reason: $0.reason) },
                            cursor: isFull ? found.last.map { SuppressionCursor(last: $0.number).bytes } ?? [] : [],
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

extension GatewayError {
    static let badCursor = GatewayError(
        .invalidArgument, "cursor is not one that a page had",
        violations: [FieldViolation(field: "cursor", description: "is not one that a page had")], notProcessed: true)
}
