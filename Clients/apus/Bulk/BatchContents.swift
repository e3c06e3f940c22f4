internal import ApusClient
internal import SMSModel

/// The messages that a batch has already, by their content: 36 bytes each.
struct BatchContents {
    private struct Entry {
        var high: UInt64
        var low: UInt64
        var recipient: UInt64
        var id: UInt64
    }

    /// Keyed by rising fingerprint.
    private let entries: [Entry]
    /// The value of the first entry with each fingerprint: how many of them have been taken.
    private var taken: [UInt32]

    /// - Parameter messages: fingerprint, recipient and id of each message.
    init(_ messages: [(fingerprint: Fingerprint, to: String, id: ApusClient.MessageID)]) {
        entries = messages.map { message in
            Entry(
                high: message.fingerprint.high, low: message.fingerprint.low,
                recipient: UInt64(message.to.dropFirst()) ?? 0, id: message.id.rawValue)
        }.sorted { ($0.high, $0.low, $0.id) < ($1.high, $1.low, $1.id) }
        taken = Array(repeating: 0, count: entries.count)
    }

    var count: Int { entries.count }

    /// Takes a message of this content, each once.
    ///
    /// - Returns: the message's id; nil if there is none left.
    mutating func take(_ key: ContentKey) -> ApusClient.MessageID? {
        let wanted = (key.fingerprint.high, key.fingerprint.low)
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if (entries[middle].high, entries[middle].low) < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count else { return nil }
        let place = low + Int(taken[low])
        guard place < entries.count, (entries[place].high, entries[place].low) == wanted else { return nil }
        taken[low] += 1
        return ApusClient.MessageID(rawValue: entries[place].id)
    }

    /// How many messages that were not taken each recipient has.
    var leftOver: [UInt64: Int] {
        var left: [UInt64: Int] = [:]
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count,
                (entries[end].high, entries[end].low) == (entries[start].high, entries[start].low)
            {
                end += 1
            }
            for entry in entries[(start + Int(taken[start]))..<end] { left[entry.recipient, default: 0] += 1 }
            start = end
        }
        return left
    }
}
