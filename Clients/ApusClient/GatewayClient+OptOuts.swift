public import FoundationEssentials
internal import RPCWire
internal import SMSModel

extension GatewayClient {
    // MARK: Opt-outs

    /// Sends these recipients nothing more, also of what waits. Those who have opted out before stay as they are.
    ///
    /// - Parameters:
    ///   - numbers: in E.164.
    ///   - tenant: nil = one's own; another one needs the scope `admin`.
    ///   - reason: at most 128 bytes.
    ///   - origin: `.operatorRequest` or `.importedList`. What is put there so is lifted by ``unsuppress(_:tenant:timeout:)``
    ///     alone, and by no keyword of the recipient.
    /// - Returns: how many were not there before with that origin.
    public func suppress(
        _ numbers: [String], tenant: String? = nil, reason: String = "",
        origin: SuppressionOrigin = .operatorRequest, timeout: Duration? = nil
    ) async throws(ApusError) -> Int {
        guard origin == .operatorRequest || origin == .importedList else {
            throw .invalidField("origin", "must be operatorRequest or importedList")
        }
        return try await change(numbers, .suppress, tenant, reason, origin, timeout)
    }

    /// Lets these recipients be sent to again, however they came on the list. What a carrier refuses because they have
    /// opted out there is forgotten too, so that it is asked again.
    ///
    /// - Returns: how many had opted out.
    public func unsuppress(
        _ numbers: [String], tenant: String? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> Int {
        try await change(numbers, .unsuppress, tenant, "", .operatorRequest, timeout)
    }

    private func change(
        _ numbers: [String], _ method: RPCMethod, _ tenant: String?, _ reason: String, _ origin: SuppressionOrigin,
        _ timeout: Duration?
    ) async throws(ApusError) -> Int {
        var changed = 0
        for start in stride(from: 0, to: numbers.count, by: Limits.suppressedNumbers) {
            let part = Array(numbers[start..<min(start + Limits.suppressedNumbers, numbers.count)])
            let response: SuppressResponse = try await call(
                method,
                SuppressRequest(
                    tenant: tenant ?? "", numbers: part, reason: reason,
                    origin: origin == .importedList ? .importedList : .operatorRequest), timeout: timeout)
            changed += Int(response.changed)
        }
        return changed
    }

    /// One page of the opt-outs, by number.
    ///
    /// - Parameters:
    ///   - tenant: nil = one's own; another one needs the scope `admin`.
    ///   - number: only this one; nil = all.
    ///   - atCarriers: instead of those on the list, the recipients whom carriers refuse because they have opted out
    ///     there of what a sender sends.
    ///   - limit: numbers of the page, 1 to 1000.
    ///   - cursor: that of the page before; nil = the first page.
    public func suppressions(
        tenant: String? = nil, number: String? = nil, atCarriers: Bool = false, limit: Int = 1000,
        after cursor: SuppressionCursor? = nil, timeout: Duration? = nil
    ) async throws(ApusError) -> SuppressionPage {
        guard limit > 0 else { throw .invalidField("limit", "is not a positive number") }
        let request = SuppressionsRequest(
            tenant: tenant ?? "", number: number ?? "", limit: UInt32(clamping: limit), cursor: cursor?.bytes ?? [],
            isAtCarriers: atCarriers)
        let response: SuppressionsResponse = try await call(.suppressions, request, timeout: timeout)
        return SuppressionPage(response)
    }

    // MARK: Usage

    /// What a tenant has used of what it may.
    ///
    /// - Parameter tenant: nil = one's own; another one needs the scope `admin`.
    /// - Throws: NOT_FOUND if there is no such tenant.
    public func usage(tenant: String? = nil, timeout: Duration? = nil) async throws(ApusError) -> TenantUsage {
        let response: UsageResponse = try await call(.usage, UsageRequest(tenant: tenant ?? ""), timeout: timeout)
        guard let usage = response.tenants.first else { throw ApusError(.notFound, "there is no such tenant") }
        return TenantUsage(usage)
    }

    /// The same of every tenant, by name. Needs the scope `admin`.
    public func usageOfEveryTenant(timeout: Duration? = nil) async throws(ApusError) -> [TenantUsage] {
        let response: UsageResponse = try await call(
            .usage, UsageRequest(tenant: UsageRequest.everyTenant), timeout: timeout)
        return response.tenants.map(TenantUsage.init)
    }
}

/// A recipient who has opted out of a tenant's messages.
public struct Suppression: Hashable, Sendable {
    /// In E.164.
    public var number: String
    /// The time of the first of its reasons, as ``reason``.
    public var at: Date
    public var reason: String
    /// Why the number is there; it stays as long as one of them holds.
    public var reasons: [SuppressionReason]

    init(_ entry: SuppressionsResponse.Entry) {
        number = entry.number
        at = Date(milliseconds: entry.at)
        reason = entry.reason
        reasons = entry.reasons.map(SuppressionReason.init)
    }
}

/// The origin of a number on a tenant's list of opt-outs, which says what takes it off.
public enum SuppressionOrigin: String, Hashable, Sendable {
    /// A caller who keeps the list.
    case operatorRequest = "OPERATOR"
    /// The person, by a keyword; one for messages again to the same number lifts it.
    case keyword = "KEYWORD"
    case importedList = "IMPORT"
    /// The carrier, which refuses messages to the person.
    case carrier = "CARRIER"
    /// It is from before origins were kept.
    case unknown = "UNKNOWN"

    init(_ origin: SMSModel.SuppressionOrigin?) {
        self =
            switch origin {
            case .operatorRequest: .operatorRequest
            case .keyword: .keyword
            case .importedList: .importedList
            case .carrier: .carrier
            case nil: .unknown
            }
    }
}

/// One reason why a number is on a list of opt-outs.
public struct SuppressionReason: Hashable, Sendable {
    public var origin: SuppressionOrigin
    /// A keyword's: the number that it was sent to. A carrier's: the sender, "" for the provider's own.
    public var to: String
    /// A carrier's: the provider's name.
    public var provider: String
    public var at: Date
    /// The keyword, the carrier's code, or the words of the one who put it there.
    public var text: String

    init(_ reason: SuppressionsResponse.Reason) {
        origin = SuppressionOrigin(reason.origin)
        to = reason.to
        provider = reason.provider
        at = Date(milliseconds: reason.at)
        text = reason.text
    }
}

/// A page of a tenant's opt-outs.
public struct SuppressionPage: Hashable, Sendable {
    public var entries: [Suppression]
    /// For the next page; nil = this is the last.
    public var cursor: SuppressionCursor?
    /// The tenant's entries in all, whichever page this is.
    public var total: UInt64

    init(_ response: SuppressionsResponse) {
        entries = response.entries.map(Suppression.init)
        cursor = response.cursor.isEmpty ? nil : SuppressionCursor(bytes: response.cursor)
        total = response.total
    }
}

/// Where a page of opt-outs ended. Only the gateway knows what it says.
public struct SuppressionCursor: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// What a tenant has used of what it may; a bound that is nil = there is none.
public struct TenantUsage: Hashable, Sendable {
    public var tenant: String
    /// Accepted on this UTC day.
    public var segmentsToday: UInt64
    public var segmentsPerDay: UInt64?
    /// The cost of messages accepted in this UTC month, in millionths of the currency.
    public var costThisMonth: Int64
    public var costPerMonth: Int64?
    /// Scheduled, queued or with a provider.
    public var waitingMessages: UInt64
    public var waitingMaximum: UInt64?
    /// Recipients whom carriers refuse because they have opted out there, and who are remembered for that.
    public var optedOutAtCarriers: UInt64

    init(_ usage: UsageResponse.Tenant) {
        tenant = usage.name
        segmentsToday = usage.segmentsToday
        segmentsPerDay = usage.segmentsPerDay == 0 ? nil : usage.segmentsPerDay
        costThisMonth = usage.costThisMonth
        costPerMonth = usage.costPerMonth == 0 ? nil : usage.costPerMonth
        waitingMessages = usage.waitingMessages
        waitingMaximum = usage.waitingMaximum == 0 ? nil : usage.waitingMaximum
        optedOutAtCarriers = usage.optedOutAtCarriers
    }
}
