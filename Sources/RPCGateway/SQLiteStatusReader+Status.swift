internal import Access
internal import Engine
internal import GatewayCore
internal import RPCWire
internal import SMSModel
internal import Storage

extension SQLiteStatusReader {
    func answer(_ request: StatusRequest, tenant: TenantID, now: Int64) throws(GatewayError) -> StatusResponse {
        switch request.subject {
        case .selection(.ids(let ids)): try messages(ids, tenant: tenant, now: now)
        case .selection(.batchName(let name)): try batch(.name(name), tenant: tenant, now: now)
        case .selection(.batchID(let id)): try batch(.id(id), tenant: tenant, now: now)
        case .reference(let reference):
            StatusResponse(
                messages: try reading { () throws(StoreError) in
                    try statuses(reference: reference, tenant: tenant, now: now, limit: Limits.statusIDs)
                })
        case .providerID(let id):
            StatusResponse(
                messages: try reading { () throws(StoreError) in
                    try statuses(providerID: id, tenant: tenant, now: now, limit: Limits.statusIDs)
                })
        }
    }

    func answer(_ query: ListQuery, tenant: TenantID, now: Int64) throws(GatewayError) -> ListResponse {
        let page = try reading { () throws(StoreError) in try list(query, tenant: tenant, now: now) }
        guard let page else { throw .noSuchBatch }
        return ListResponse(page)
    }

    private func messages(_ ids: [MessageID], tenant: TenantID, now: Int64) throws(GatewayError) -> StatusResponse {
        var response = StatusResponse()
        let timeline = ids.count <= Limits.statusIDsWithTimeline
        for id in ids {
            if let status = try reading({ () throws(StoreError) in
                try status(of: id, tenant: tenant, now: now, timeline: timeline)
            }) {
                response.messages.append(status)
            } else {
                response.notFound.append(id)
            }
        }
        return response
    }

    private func batch(
        _ reference: BatchReference, tenant: TenantID, now: Int64
    ) throws(GatewayError) -> StatusResponse {
        let status = try reading { () throws(StoreError) in
            try self.batch(tenant: tenant, reference, now: now)
        }
        guard let status else { throw .noSuchBatch }
        return StatusResponse(batch: status)
    }
}
