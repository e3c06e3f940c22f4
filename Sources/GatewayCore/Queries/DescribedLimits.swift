package import SMSModel

extension Limits {
    /// The limits that a client may want to know.
    package static let described: [QuotaDetail] = [
        QuotaDetail(limit: "frame", maximum: UInt64(frameBytes), unit: "bytes"),
        QuotaDetail(limit: "calls_in_flight", maximum: UInt64(callsInFlightPerConnection), unit: "calls"),
        QuotaDetail(limit: "body", maximum: UInt64(bodyScalars), unit: "Unicode scalars"),
        QuotaDetail(limit: "bulk", maximum: UInt64(bulkMessages), unit: "messages"),
        QuotaDetail(limit: "bulk_variables", maximum: UInt64(bulkVariables), unit: "variables"),
        QuotaDetail(limit: "status", maximum: UInt64(statusIDs), unit: "ids"),
        QuotaDetail(limit: "list", maximum: UInt64(listMessages), unit: "messages"),
        QuotaDetail(limit: "tags", maximum: UInt64(tags), unit: "tags"),
        QuotaDetail(limit: "send_ahead", maximum: UInt64(sendAtAheadMilliseconds), unit: "ms"),
        QuotaDetail(limit: "validity", maximum: validityMaximumMilliseconds, unit: "ms"),
        QuotaDetail(limit: "idempotency_window", maximum: UInt64(idempotencyWindowMilliseconds), unit: "ms"),
    ]
}
