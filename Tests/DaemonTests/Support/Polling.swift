internal import Testing

struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Waits for `condition` to give a value, looking again and again until the time is over.
func eventually<Value>(
    _ what: String, within time: Duration = .seconds(60), _ condition: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + time
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < end else { throw NeverHappened(description: "not within \(time): \(what)") }
        try await Task.sleep(for: .milliseconds(3))
    }
}

/// Waits for `condition` to hold.
func waitUntil(
    _ what: String, within time: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    _ = try await eventually(what, within: time) { try await condition() ? true : nil }
}
