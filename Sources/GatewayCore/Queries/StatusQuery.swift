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
}

package struct StatusResult: Hashable, Sendable {
    package var messages: [MessageStatus] = []
    /// Ids of no message of the tenant.
    package var notFound: [MessageID] = []
    /// nil unless a batch was asked for.
    package var batch: BatchStatus?
}

extension SQLiteStatusReader {
    func result(of query: StatusQuery, tenant: TenantID, now: Int64) throws(GatewayError) -> StatusResult {
        switch query {
        case .messages(let ids): try statuses(of: ids, tenant: tenant, now: now)
        case .batch(let reference):
            StatusResult(batch: try status(of: reference, tenant: tenant, now: now))
        case .reference(let reference):
            StatusResult(
                messages: try reading { () throws(StoreError) in
                    try statuses(reference: reference, tenant: tenant, now: now, limit: Limits.statusIDs)
                })
        case .providerID(let id):
            StatusResult(
                messages: try reading { () throws(StoreError) in
                    try statuses(providerID: id, tenant: tenant, now: now, limit: Limits.statusIDs)
                })
        }
    }

    private func statuses(of ids: [MessageID], tenant: TenantID, now: Int64) throws(GatewayError) -> StatusResult {
        var result = StatusResult()
        let timeline = ids.count <= Limits.statusIDsWithTimeline
        for id in ids {
            if let status = try reading({ () throws(StoreError) in
                try status(of: id, tenant: tenant, now: now, timeline: timeline)
            }) {
                result.messages.append(status)
            } else {
                result.notFound.append(id)
            }
        }
        return result
    }

    private func status(
        of reference: BatchReference, tenant: TenantID, now: Int64
    ) throws(GatewayError) -> BatchStatus {
        let status = try reading { () throws(StoreError) in
            try batch(tenant: tenant, reference, now: now)
        }
        guard let status else { throw .noSuchBatch }
        return status
    }
}
