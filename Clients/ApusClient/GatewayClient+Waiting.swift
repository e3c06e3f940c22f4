extension GatewayClient {
    /// Waits until nothing is awaited of these messages any more.
    ///
    /// It asks at growing intervals, from 50 milliseconds to a second. Unknown ids are not waited for.
    ///
    /// - Parameter timeout: for the whole waiting.
    /// - Returns: where they stand then, in the order of the ids; when the time is over some may not be
    ///   ``MessageStatus/settled``.
    public func waitUntilSettled(_ ids: [MessageID], timeout: Duration) async throws(ApusError) -> StatusReport {
        try await waitUntilSettled(ids, owner: .own, timeout: timeout)
    }

    /// The same of another tenant's messages, or of any: others' than one's own need the scope `admin`.
    public func waitUntilSettled(
        _ ids: [MessageID], owner: MessageOwner, timeout: Duration
    ) async throws(ApusError) -> StatusReport {
        var poll = PollSchedule(timeout: timeout)
        var open = ids
        while true {
            let report = try await status(of: open, owner: owner, timeline: false, timeout: poll.callTimeout)
            open = report.messages.filter { !$0.settled }.map(\.id)
            if open.isEmpty { break }
            guard try await poll.rest() else { break }
        }
        return try await status(of: ids, owner: owner)
    }

    /// Waits until nothing is awaited of any message of the batch.
    ///
    /// - Parameters:
    ///   - owner: others' than one's own need the scope `admin`.
    ///   - timeout: for the whole waiting.
    ///   - progress: gets each answer on the way.
    /// - Returns: where the batch stands then; when the time is over it may not be ``BatchStatus/isSettled``.
    public nonisolated(nonsending) func waitUntilSettled(
        batch: BatchReference, owner: MessageOwner = .own, timeout: Duration, progress: ((BatchStatus) -> Void)? = nil
    ) async throws(ApusError) -> BatchStatus {
        var poll = PollSchedule(timeout: timeout)
        while true {
            let status = try await status(of: batch, owner: owner, timeout: poll.callTimeout)
            progress?(status)
            if status.isSettled { return status }
            guard try await poll.rest() else { return status }
        }
    }
}

/// When to ask again: after 50 ms at first, then half as long again each time, up to a second.
struct PollSchedule {
    static let first = Duration.milliseconds(50)
    static let longest = Duration.seconds(1)

    private let deadline: ContinuousClock.Instant
    private var interval = first

    init(timeout: Duration) {
        deadline = .now + timeout
    }

    /// Some time for a call that began in time to end.
    var callTimeout: Duration { max(deadline - .now, .seconds(5)) }

    /// The intervals one after another.
    mutating func nextInterval() -> Duration {
        defer { interval = min(interval * 3 / 2, Self.longest) }
        return interval
    }

    /// - Returns: false if the time is over.
    mutating func rest() async throws(ApusError) -> Bool {
        let now = ContinuousClock.now
        guard now < deadline else { return false }
        do {
            try await Task.sleep(until: min(now + nextInterval(), deadline))
            return true
        } catch {
            throw ApusError(.cancelled, "the task was cancelled", cause: error)
        }
    }
}
