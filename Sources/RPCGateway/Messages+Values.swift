internal import GatewayCore
internal import RPCWire
internal import SMSModel

extension SendResponse {
    @inline(__always)
    init(_ message: AcceptedMessage) {
        self.init(
            id: message.id, state: message.state, duplicate: message.isDuplicate, segments: message.segments,
            encoding: message.encoding, ucs2: message.ucs2, replaced: message.replaced)
    }
}

extension BulkResponse {
    init(_ result: BulkResult) {
        self.init(
            batch: result.batch, accepted: UInt32(result.accepted), duplicates: UInt32(result.duplicates.count),
            refused: UInt32(result.refused), ids: result.ids, duplicateItems: result.duplicates.map { UInt32($0) },
            refusals: result.refusals.map {
                Refusal(item: UInt32($0.item), status: $0.code, message: $0.message, violations: $0.violations)
            })
        dryRun = result.dryRun
    }
}

extension HealthReport {
    init(_ health: GatewayHealth, withProviders: Bool) {
        self.init(
            accepting: health.isAccepting, dispatching: health.isDispatching, degraded: health.isDegraded,
            checks: health.checks.map { Check(name: $0.name, ok: $0.isGood, detail: $0.detail, warning: $0.isWarning) },
            providers: withProviders ? health.providers : [], now: health.now)
    }
}
