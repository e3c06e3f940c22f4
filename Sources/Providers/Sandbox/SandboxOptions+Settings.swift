internal import ConfigurationModel
internal import SMSModel

extension SandboxOptions {
    init(_ reader: inout ProviderReader) {
        self.init()
        let milliseconds = 0...Limits.sandboxDelayMilliseconds
        latency = reader.options.integer("latency_ms", milliseconds) ?? latency
        receiptDelay = reader.options.integer("receipt_delay_ms", milliseconds) ?? receiptDelay
        rate = reader.options.number("rate", 0...Double(Limits.messagesPerSecond)) ?? rate
        seed = reader.options.integer("seed", 0...Int64.max).map(UInt64.init) ?? seed
        reader.options.object("faults") { faults in
            func share(_ name: String) -> Double { faults.number(name, 0...1) ?? 0 }
            self.faults.throttled = share("throttled")
            self.faults.unavailable = share("unavailable")
            self.faults.rejected = share("rejected")
            self.faults.unknown = share("unknown")
            self.faults.undelivered = share("undelivered")
        }
        let all = faults.throttled + faults.unavailable + faults.rejected + faults.unknown + faults.undelivered
        // Shares such as ten times 0.1 are a little more than 1 together.
        if all > 1 + 1e-9 { reader.options.fault("faults", "are shares of all messages: together at most 1") }
    }
}
