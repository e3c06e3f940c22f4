internal import Engine
package import SMSModel
internal import Storage

/// The messages whose status is asked for.
package enum StatusQuery: Hashable, Sendable {
    case messages([MessageID])
    case batch(BatchReference)
    /// The sender's own word for a message.
    case reference(String)
    /// What a provider calls it.
    case providerID(String)

    /// Why it can't be asked over all tenants; nil if it can. Names of batches and references are each tenant's own.
    var violationWithoutTenant: FieldViolation? {
        switch self {
        case .batch(.name): .batchWithoutTenant
        case .reference:
            FieldViolation(
                field: "reference",
                description: "References are looked up by tenant: name it, or list the messages by reference.")
        case .messages, .batch(.id), .providerID: nil
        }
    }
}

/// What a question sees.
struct Sight: Sendable {
    /// The tenant whose messages are seen; nil = every one's.
    var tenant: TenantID?
    /// Whether their texts are shown; else they are withheld.
    var showsText: Bool
}

extension FieldViolation {
    static let batchWithoutTenant = FieldViolation(
        field: "batch", description: "Batches have their names by tenant: name the tenant.")
}

extension GatewayError {
    static let batchWithoutTenant = GatewayError.invalid([.batchWithoutTenant])
}

package struct StatusResult: Hashable, Sendable {
    package var messages: [MessageStatus] = []
    /// Ids of no message of the tenant.
    package var notFound: [MessageID] = []
    /// nil unless a batch was asked for.
    package var batch: BatchStatus?
}

extension SQLiteStatusReader {
    func result(of query: StatusQuery, _ sight: Sight, now: Int64) throws(GatewayError) -> StatusResult {
        switch query {
        case .messages(let ids): return try statuses(of: ids, sight, now: now)
        case .batch(let reference): return StatusResult(batch: try status(of: reference, sight, now: now))
        case .reference(let reference):
            guard let tenant = sight.tenant else { return StatusResult() }
            return StatusResult(
                messages: try reading { () throws(StoreError) in
                    try statuses(
                        reference: reference, tenant: tenant, now: now, limit: Limits.statusIDs,
                        showsText: sight.showsText)
                })
        case .providerID(let id):
            return StatusResult(
                messages: try reading { () throws(StoreError) in
                    try statuses(
                        providerID: id, tenant: sight.tenant, now: now, limit: Limits.statusIDs,
                        showsText: sight.showsText)
                })
        }
    }

    private func statuses(of ids: [MessageID], _ sight: Sight, now: Int64) throws(GatewayError) -> StatusResult {
        var result = StatusResult()
        let timeline = ids.count <= Limits.statusIDsWithTimeline
        for id in ids {
            if let status = try reading({ () throws(StoreError) in
                try status(of: id, tenant: sight.tenant, now: now, timeline: timeline, showsText: sight.showsText)
            }) {
                result.messages.append(status)
            } else {
                result.notFound.append(id)
            }
        }
        return result
    }

    private func status(
        of reference: BatchReference, _ sight: Sight, now: Int64
    ) throws(GatewayError) -> BatchStatus {
        let status = try reading { () throws(StoreError) in
            try batch(tenant: sight.tenant, reference, now: now)
        }
        guard let status else { throw .noSuchBatch }
        return status
    }
}
