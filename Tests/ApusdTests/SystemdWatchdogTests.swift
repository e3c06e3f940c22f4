internal import Testing

@testable internal import apusd

@Suite struct SystemdWatchdogTests {
    private func watchdog(_ environment: [String: String]) -> SystemdWatchdog? {
        SystemdWatchdog(environment: environment, process: 4711)
    }

    @Test func itIsThereWhereSystemdWatches() {
        #expect(watchdog(["WATCHDOG_USEC": "60000000"])?.interval == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "4711"]) != nil)
        // It is another process that is watched: one that started this.
        #expect(watchdog(["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "4712"]) == nil)
        for text in ["", "0", "-1", "often"] { #expect(watchdog(["WATCHDOG_USEC": text]) == nil, "\(text)") }
        #expect(watchdog([:]) == nil)
    }

    @Test func aWriterThatTakesNoTurnIsNotAlive() throws {
        var watchdog = try #require(self.watchdog(["WATCHDOG_USEC": "2"]))
        let found = [0, 0, 1, 900, 900, 900, 901].map { watchdog.isAlive(turns: $0) }
        #expect(found == [true, false, true, true, false, false, true])
    }
}
