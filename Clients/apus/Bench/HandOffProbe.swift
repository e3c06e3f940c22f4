internal import ApusClient
internal import FoundationEssentials
internal import Histogram

/// Sends one message at a time and measures how long it takes to a provider.
///
/// A message's hand-off is reckoned from the call to the longer of two: the call's own time, within which the message
/// became durable, and the time between its acceptance and its hand-off in the timeline, which has milliseconds only.
struct HandOffProbe {
    static let interval = Duration.milliseconds(5)

    let client: GatewayClient
    let seconds: Double
    let recipient: String
    let priority: MessagePriority

    struct Result {
        var calls = 0
        var seconds = 0.0
        /// All in microseconds.
        var handOff = Self.empty
        var acceptance = Self.empty
        var timeline = Self.empty

        private static let empty = Histogram<UInt64>(highestTrackableValue: 3_600_000_000)
    }

    func run() async throws -> Result {
        let started = ContinuousClock.now
        let deadline = started + .seconds(seconds)
        var sent: [(id: MessageID, microseconds: Int64)] = []
        while ContinuousClock.now < deadline {
            let began = ContinuousClock.now
            let message = OutgoingMessage(
                to: recipient, body: "Your code is 123456", sender: "Apus", priority: priority)
            let receipt = try await client.send(message)
            sent.append((receipt.id, (ContinuousClock.now - began).microseconds))
            try await Task.sleep(until: began + Self.interval)
        }
        var result = Result()
        result.calls = sent.count
        result.seconds = (ContinuousClock.now - started).seconds
        let waits = try await timelines(sent.map(\.id))
        for (id, microseconds) in sent {
            guard let wait = waits[id] else {
                throw CommandFailure(.unavailable, "the message \(id) was not handed to a provider in time")
            }
            result.acceptance.record(UInt64(max(0, microseconds)))
            result.timeline.record(UInt64(wait))
            result.handOff.record(UInt64(max(microseconds, wait)))
        }
        return result
    }

    /// Microseconds from acceptance to the first hand-off, by id.
    private func timelines(_ ids: [MessageID]) async throws -> [MessageID: Int64] {
        var waits: [MessageID: Int64] = [:]
        let deadline = ContinuousClock.now + client.configuration.timeout
        var open = ids
        while !open.isEmpty {
            for status in try await client.status(of: open).messages {
                guard let handedOff = status.timeline.first(where: { $0.event == .submitting }) else { continue }
                let wait = handedOff.at.timeIntervalSince(status.acceptedAt)
                waits[status.id] = Int64((max(0, wait) * 1_000_000).rounded())
            }
            open.removeAll { waits[$0] != nil }
            guard !open.isEmpty, ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        return waits
    }
}
