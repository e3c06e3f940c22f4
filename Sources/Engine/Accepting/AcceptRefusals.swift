internal import Admission
package import SMSModel
package import Storage

/// What those are told whose messages were not accepted. Each text is made once for a call.
package struct AcceptRefusals {
    /// The quotas of the tenants that met one.
    private let quotas: [TenantID: TenantQuota]
    /// Milliseconds since the Unix epoch.
    private let now: Int64
    private var made: [Key: GatewayError] = [:]

    private struct Key: Hashable {
        var tenant: TenantID
        var kind: AcceptResult.Kind
    }

    package init(_ quotas: [TenantID: TenantQuota], now: Int64) {
        self.quotas = quotas
        self.now = now
    }

    /// nil for what was accepted, now or before.
    /// - Parameter sendAt: what was asked for, if that has passed.
    package mutating func refusal(of result: AcceptResult, tenant: TenantID, sendAt: Int64 = 0) -> GatewayError? {
        switch result.kind {
        case .accepted, .duplicate: return nil
        case .conflict: return .keyTaken
        case .late:
            return GatewayError(
                .invalidArgument, SendTime.violation(sendAt, now: now)?.description ?? "the send time has passed",
                notProcessed: true)
        case .overSegments, .overCost, .overWaiting: break
        }
        let key = Key(tenant: tenant, kind: result.kind)
        if let known = made[key] { return known }
        let refusal = refusal(result.kind, quotas[tenant] ?? TenantQuota())
        made[key] = refusal
        return refusal
    }

    private func refusal(_ kind: AcceptResult.Kind, _ quota: TenantQuota) -> GatewayError {
        let today = Day(containing: now)
        switch kind {
        case .overSegments:
            let most = quota.segmentsPerDay ?? 0
            return .overQuota(
                QuotaDetail(limit: "segments_per_day", maximum: most, unit: "segments"),
                "the tenant's quota of \(most) segments a day has no room left for the message; "
                    + "the next day begins at midnight UTC",
                retryAfter: today.next.start - now)
        case .overCost:
            let most = Money(millionths: quota.costPerMonth ?? 0)
            return .overQuota(
                QuotaDetail(
                    limit: "cost_per_month", maximum: UInt64(max(0, most.millionths)),
                    unit: "millionths of the currency"),
                "the tenant's budget of \(most) a month has no room left for the message; "
                    + "the next month begins at midnight UTC after its last day",
                retryAfter: today.month.upperBound.start - now)
        case .accepted, .duplicate, .conflict, .late, .overWaiting:
            let most = quota.waitingMessages ?? 0
            return .overQuota(
                QuotaDetail(limit: "waiting_messages", maximum: most, unit: "messages"),
                "\(most) of the tenant's messages wait, as many as may; there is room again as they are sent",
                retryAfter: 1000)
        }
    }
}

extension GatewayError {
    fileprivate static func overQuota(_ quota: QuotaDetail, _ message: String, retryAfter: Int64) -> GatewayError {
        GatewayError(
            .resourceExhausted, message, retryAfterMilliseconds: UInt64(max(1, retryAfter)), quota: quota,
            notProcessed: true)
    }
}

extension GatewayError {
    package static let keyTaken = GatewayError(
        .alreadyExists, "the idempotency key belongs to a message of another content: use a new key",
        violations: [FieldViolation(field: "idempotency_key", description: "is taken by another message")])

    package static func invalid(_ violations: [FieldViolation]) -> GatewayError {
        GatewayError(
            .invalidArgument,
            violations.count == 1 ? "\(violations[0].field) is not valid" : "\(violations.count) fields are not valid",
            violations: violations, notProcessed: true)
    }
}
