internal import CApusProto
package import SMSModel

package struct StatsRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "StatsRequest"

    /// "" = the caller's own; ``StatusRequest/everyTenant`` = all.
    package var tenant: String

    package init(tenant: String = "") {
        self.tenant = tenant
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__stats_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__stats_request__init)
        c.pointee.tenant = output.scratch.text(tenant)
        output.pack(c)
    }
}

/// The answer to Stats.
extension GatewayStatistics: WireMessage {
    package static let wireName = "StatsResponse"

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__stats_response__unpack).pointee
        self.init()
        states = StateCount.list(c.states, c.n_states)
        waitingUrgent = c.waiting_urgent
        waitingNormal = c.waiting_normal
        waitingBulk = c.waiting_bulk
        waitingLater = c.waiting_later
        inFlight = c.in_flight
        uptimeMilliseconds = c.uptime_ms
        cpuMicroseconds = c.cpu_us
        residentBytes = c.resident_bytes
        connections = c.connections
        commits = c.commits
        committedOperations = c.committed_operations
        providers = (0..<c.n_providers).map { ProviderStatistics(c.providers[$0]!.pointee) }
        paused = (0..<c.n_paused).map { String(lenient: c.paused[$0]) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__stats_response__init)
        c.pointee.n_states = states.count
        c.pointee.states = scratch.messages(states) { $0.layOut(in: scratch) }
        c.pointee.waiting_urgent = waitingUrgent
        c.pointee.waiting_normal = waitingNormal
        c.pointee.waiting_bulk = waitingBulk
        c.pointee.waiting_later = waitingLater
        c.pointee.in_flight = inFlight
        c.pointee.uptime_ms = uptimeMilliseconds
        c.pointee.cpu_us = cpuMicroseconds
        c.pointee.resident_bytes = residentBytes
        c.pointee.connections = connections
        c.pointee.commits = commits
        c.pointee.committed_operations = committedOperations
        c.pointee.n_providers = providers.count
        c.pointee.providers = scratch.messages(providers) { $0.layOut(in: scratch) }
        c.pointee.n_paused = paused.count
        c.pointee.paused = scratch.texts(paused)
        output.pack(c)
    }
}

extension ProviderStatistics {
    init(_ c: Apus__V1__ProviderStats) {
        self.init(name: String(lenient: c.name), kind: String(lenient: c.kind))
        submitted = c.submitted
        accepted = c.accepted
        rejected = c.rejected
        throttled = c.throttled
        unavailable = c.unavailable
        unknown = c.unknown
        inFlight = c.in_flight
        paused = c.paused != 0
        circuit = CircuitState(rawValue: UInt8(truncatingIfNeeded: c.circuit.rawValue))
        inFlightBound = c.in_flight_bound
        rate = c.rate.isFinite ? max(0, c.rate) : 0
        latencyMilliseconds = c.latency_ms
        condition = knownEnum(c.condition.rawValue)
        conditionDetail = String(lenient: c.condition_detail)
        conditionSince = c.condition_since_ms == 0 ? nil : c.condition_since_ms
        lastError = c.last_error.map {
            ProviderError(
                MessageFailure(code: String(lenient: $0.pointee.code), message: String(lenient: $0.pointee.message)),
                at: c.last_error_at_ms)
        }
        waiting = c.waiting
        waitingOnly = c.waiting_only
        oldestWaiting = c.oldest_waiting_ms == 0 ? nil : c.oldest_waiting_ms
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__ProviderStats> {
        let c = arena.make(apus__v1__provider_stats__init)
        c.pointee.name = arena.text(name)
        c.pointee.kind = arena.text(kind)
        c.pointee.submitted = submitted
        c.pointee.accepted = accepted
        c.pointee.rejected = rejected
        c.pointee.throttled = throttled
        c.pointee.unavailable = unavailable
        c.pointee.unknown = unknown
        c.pointee.in_flight = inFlight
        c.pointee.paused = paused ? 1 : 0
        c.pointee.circuit = Apus__V1__Circuit(rawValue: UInt32(circuit?.rawValue ?? 0))
        c.pointee.in_flight_bound = inFlightBound
        c.pointee.rate = rate
        c.pointee.latency_ms = latencyMilliseconds
        c.pointee.condition = Apus__V1__ProviderCondition(rawValue: UInt32(condition?.rawValue ?? 0))
        c.pointee.condition_detail = arena.text(conditionDetail)
        c.pointee.condition_since_ms = conditionSince ?? 0
        if let lastError {
            let failure = arena.make(apus__v1__failure__init)
            failure.pointee.code = arena.text(lastError.failure.code)
            failure.pointee.message = arena.text(lastError.failure.message)
            c.pointee.last_error = failure
            c.pointee.last_error_at_ms = lastError.at
        }
        c.pointee.waiting = waiting
        c.pointee.waiting_only = waitingOnly
        c.pointee.oldest_waiting_ms = oldestWaiting ?? 0
        return c
    }
}
