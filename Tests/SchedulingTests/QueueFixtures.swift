internal import SMSModel
internal import Scheduling

/// Milliseconds since the epoch around which the tests' ids and expiries lie.
let epoch: Int64 = 1_790_000_000_000

func flow(_ tenant: Int32 = 1, _ priority: Priority = .normal, set: UInt16 = 0) -> FlowKey {
    FlowKey(candidates: set, priority: priority, tenant: TenantID(rawValue: tenant))
}

/// The n-th id from ``epoch`` on, valid for a day.
func message(_ n: Int, expiresAt: Int64 = epoch + 86_400_000) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(milliseconds: UInt64(epoch)).advanced(by: n), expiresAt: expiresAt)
}

func number(_ message: QueuedMessage) -> Int {
    Int(message.id.ordinal) - Int(MessageID(milliseconds: UInt64(epoch)).ordinal)
}

extension MessageQueue {
    /// Pushes messages numbered by `numbers` into one flow.
    mutating func fill(_ numbers: some Sequence<Int>, _ flow: FlowKey) {
        for number in numbers { push(message(number), flow: flow) }
    }

    /// Numbers of up to `count` messages, in the order of their hand-off.
    mutating func take(_ count: Int, urgentOnly: Bool = false) -> [Int] {
        var taken: [Int] = []
        while taken.count < count, let next = pop(urgentOnly: urgentOnly) { taken.append(number(next.message)) }
        return taken
    }

    /// Flows of up to `count` messages, in the order of their hand-off.
    mutating func takeFlows(_ count: Int) -> [FlowKey] {
        var taken: [FlowKey] = []
        while taken.count < count, let next = pop() { taken.append(next.flow) }
        return taken
    }
}
