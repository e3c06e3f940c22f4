internal import RPCWire
internal import SMSModel

/// One run over a batch: cuts it into chunks, keeps several in flight, adds up the answers.
struct BulkUpload<Item: BulkItem> {
    let client: GatewayClient
    let batch: String
    let options: BulkOptions
    let template: SendRequest?
    let content: @Sendable ([Item]) -> BulkRequest.Content

    private struct Answer: Sendable {
        var firstIndex: UInt64
        var response: BulkResponse
    }

    /// - Parameter makeItem: an element that it cannot make an item of is refused.
    nonisolated(nonsending) func run<Elements: AsyncSequence, Element>(
        _ elements: Elements, progress: ((BulkProgress) -> Void)?,
        makeItem: (Element) throws(ApusError) -> Item
    ) async throws -> BulkReport where Elements.Element == (index: UInt64, element: Element) {
        guard (1...Limits.batchNameBytes).contains(batch.utf8.count) else {
            throw ApusError.invalidField("batch", "must have 1 to \(Limits.batchNameBytes) bytes")
        }
        let frameBytes = Int(try await client.hello(timeout: options.timeout).maximumFrameBytes)
        var chunker = BulkChunker<Item>(
            maximumBytes: min(frameBytes, Limits.frameBytes)
                - BulkRequest.overheadBytes(batch: batch, template: template),
            maximumItems: min(max(options.messagesPerChunk, 1), Limits.bulkMessages))
        var report = BulkReport(batch: batch)
        var inFlight = 0
        try await withThrowingTaskGroup(of: Answer.self) { group in
            func send(_ chunk: BulkChunk<Item>) async throws {
                if inFlight >= max(options.chunksInFlight, 1), let answer = try await group.next() {
                    inFlight -= 1
                    report.add(answer.response, firstIndex: answer.firstIndex, progress)
                }
                group.addTask { try await call(chunk) }
                inFlight += 1
            }
            for try await (index, element) in elements {
                let item: Item
                do throws(ApusError) {
                    item = try makeItem(element)
                } catch {
                    report.refuse(index, error, progress)
                    continue
                }
                switch chunker.add(item, at: index) {
                case .nothing: break
                case .send(let chunk): try await send(chunk)
                case .refuse:
                    report.refuse(index, .invalidField("message", "is larger than a call may be"), progress)
                }
            }
            if let chunk = chunker.finish() { try await send(chunk) }
            while let answer = try await group.next() {
                report.add(answer.response, firstIndex: answer.firstIndex, progress)
            }
        }
        return report
    }

    private func call(_ chunk: BulkChunk<Item>) async throws(ApusError) -> Answer {
        let request = BulkRequest(
            batch: options.isDryRun ? "" : batch, firstIndex: chunk.firstIndex, content: content(chunk.items),
            isDryRun: options.isDryRun)
        while true {
            do throws(ApusError) {
                return Answer(
                    firstIndex: chunk.firstIndex,
                    response: try await client.call(.bulk, request, timeout: options.timeout))
            } catch {
                // Messages came faster than they may. The gateway did nothing, and says when it takes more: however
                // often that is, the upload goes on at the gateway's pace.
                guard let wait = error.waitForRate, wait <= options.timeout ?? client.configuration.timeout else {
                    throw error
                }
                do {
                    try await Task.sleep(for: wait)
                } catch {
                    throw ApusError(.cancelled, "the upload was cancelled", notProcessed: true, cause: error)
                }
            }
        }
    }
}

extension ApusError {
    /// How long to wait where a rate was met; nil for anything else.
    fileprivate var waitForRate: Duration? {
        guard code == .resourceExhausted, notProcessed, quota?.limit == "rate" || quota?.limit == "connection_rate"
        else { return nil }
        return retryAfter
    }
}

extension DryRunReport {
    fileprivate mutating func add(_ result: DryRunResult) {
        segments += result.segments
        ucs2 += UInt64(result.ucs2)
        replaced += UInt64(result.replaced)
    }
}

extension BulkReport {
    mutating func add(_ response: BulkResponse, firstIndex: UInt64, _ progress: ((BulkProgress) -> Void)?) {
        if response.batch.rawValue != 0 { batchID = MessageID(response.batch) }
        if let dryRun = response.dryRun { self.dryRun.add(dryRun) }
        accepted += UInt64(response.accepted)
        duplicates += UInt64(response.duplicates)
        refused += UInt64(response.refused)
        let told = response.refusals.map { refusal in
            BulkRefusal(
                index: firstIndex + UInt64(refusal.item), code: ApusError.Code(rawValue: refusal.status.rawValue),
                message: refusal.message, violations: refusal.violations.map(ApusError.Violation.init))
        }
        keep(told)
        progress?(
            BulkProgress(
                report: self, firstIndex: firstIndex,
                ids: response.ids.map { $0 == 0 ? nil : MessageID(rawValue: $0) }, refusals: told,
                ucs2: (response.dryRun?.items ?? []).map { item in
                    UCS2Message(
                        index: firstIndex + UInt64(item.item), segments: Int(item.segments),
                        cause: UCS2Cause(item.cause))
                }))
    }

    /// For what was not even sent.
    mutating func refuse(_ index: UInt64, _ error: ApusError, _ progress: ((BulkProgress) -> Void)?) {
        refused += 1
        let refusal = BulkRefusal(
            index: index, code: error.code, message: error.message, violations: error.violations)
        keep([refusal])
        progress?(BulkProgress(report: self, firstIndex: index, ids: [nil], refusals: [refusal]))
    }

    private mutating func keep(_ more: [BulkRefusal]) {
        refusals += more.prefix(max(0, Self.refusalsKept - refusals.count))
    }
}
