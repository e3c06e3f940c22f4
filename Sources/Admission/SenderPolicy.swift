/// Which senders a tenant's messages may be from. Checked for each message: a few nanoseconds, without allocating.
package struct SenderPolicy: Sendable {
    package static let any = SenderPolicy(allowed: nil, allowsAlphanumeric: true)

    /// Rising; nil = any sender.
    private let allowed: [UInt128]?
    private let allowsAlphanumeric: Bool

    /// - Parameters:
    ///   - allowed: compared as they are written; nil = any sender.
    ///   - allowsAlphanumeric: whether a name may be one that the list doesn't have.
    package init(allowed: [String]?, allowsAlphanumeric: Bool) {
        self.allowed = allowed?.compactMap { Array($0.utf8).withUnsafeBytes(Self.packed) }.sorted()
        self.allowsAlphanumeric = allowsAlphanumeric
    }

    /// Why a message may not be from this sender, in one sentence, or nil.
    ///
    /// - Parameter sender: checked; empty leaves the choice to the provider.
    @inline(__always)
    package func refusal(of sender: UnsafeRawBufferPointer) -> String? {
        if allowed == nil, allowsAlphanumeric { return nil }
        return listedRefusal(of: sender)
    }

    private func listedRefusal(of sender: UnsafeRawBufferPointer) -> String? {
        guard let allowed else {
            return Sender.isName(sender) ? "The tenant may use no names as senders, only numbers." : nil
        }
        if sender.isEmpty { return "The tenant may use certain senders only: name one of them." }
        if let packed = Self.packed(sender), Self.contains(allowed, packed) { return nil }
        return "The sender is not among those that the tenant may use."
    }

    /// A sender has at most 16 bytes, so that it fits into an integer; nil if it doesn't.
    private static func packed(_ sender: UnsafeRawBufferPointer) -> UInt128? {
        var packed: UInt128 = 0
        guard sender.count <= MemoryLayout<UInt128>.size else { return nil }
        withUnsafeMutableBytes(of: &packed) { $0.copyMemory(from: sender) }
        return packed
    }

    private static func contains(_ sorted: [UInt128], _ value: UInt128) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == value
    }
}
