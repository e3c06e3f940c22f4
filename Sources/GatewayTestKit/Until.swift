/// Waits for a condition; ends with the test's time limit, which cancels its task.
package func until(isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
