internal import RPCTransport
internal import RPCWire
internal import SMSModel
package import Storage
internal import Synchronization
internal import Threading

/// Answers questions about messages, on a thread of its own so that no reading holds up the writer or a loop.
package final class StatusDesk: Sendable {
    private let thread = WorkerThread(name: "apus-reader")
    private let questions = Mutex(TurnQueue<RPCConnectionID, @Sendable (SQLiteStatusReader) -> Void>())
    private let reader: Mutex<SQLiteStatusReader>

    package init(reader: sending SQLiteStatusReader) {
        self.reader = Mutex(reader)
        thread.start { [self] in answerSome() }
    }

    package func stop() {
        thread.stop()
    }

    /// - Parameter asker: the connections take turns. Those of two loops may have the same id, and then share one.
    func ask(_ asker: RPCConnectionID, _ answer: @escaping @Sendable (SQLiteStatusReader) -> Void) {
        questions.withLock { $0.append(answer, of: asker) }
        thread.wake()
    }

    /// - Returns: 0 if there are more, nil if not.
    private func answerSome() -> Int64? {
        reader.withLock { reader in
            for _ in 0..<64 {
                guard let answer = questions.withLock({ $0.popFirst() }) else { return nil }
                answer(reader)
            }
            return 0
        }
    }
}

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

/// What the store refuses to read is told as UNAVAILABLE.
func reading<T>(_ body: () throws(StoreError) -> T) throws(GatewayError) -> T {
    do throws(StoreError) {
        return try body()
    } catch {
        throw GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000)
    }
}
