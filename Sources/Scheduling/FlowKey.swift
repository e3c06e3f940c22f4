package import SMSModel

/// Which queue a message waits in: messages of one flow are equal to the scheduler and leave in order of id.
package struct FlowKey: Hashable, Sendable {
    package let tenant: TenantID
    /// Number of the set of providers that may carry the message.
    package let candidates: UInt16
    package let priority: Priority

    package init(candidates: UInt16, priority: Priority, tenant: TenantID) {
        self.tenant = tenant
        self.candidates = candidates
        self.priority = priority
    }

    /// All three in 56 bits: hashed faster than the fields one by one.
    var packed: UInt64 {
        UInt64(UInt32(bitPattern: tenant.rawValue)) | UInt64(candidates) << 32 | UInt64(priority.rawValue) << 48
    }
}

/// A message as the scheduler knows it.
package struct QueuedMessage: Hashable, Sendable {
    /// Never 0.
    package let id: MessageID
    /// Milliseconds since the Unix epoch: not to be submitted from then on. Kept to the millisecond.
    package let expiresAt: Int64

    package init(id: MessageID, expiresAt: Int64) {
        self.id = id
        self.expiresAt = expiresAt
    }
}

extension QueuedMessage: HeapEntry {
    package func precedes(_ other: QueuedMessage) -> Bool { id.rawValue < other.id.rawValue }
}
