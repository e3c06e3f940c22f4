internal import Foundation

/// Adds up what the measured parts took: time on the wall, of the processor, bytes written, and how long each took.
struct Meter {
    private(set) var messages = 0
    private var seconds = 0.0
    private var cpu = 0.0
    private var times: [Double] = []
    private let writtenBefore = Meter.written

    mutating func measure<T>(messages: Int, _ body: () throws -> T) rethrows -> T {
        let (start, cpuBefore) = (Self.wall, Self.processor)
        let value = try body()
        let took = Self.wall - start
        seconds += took
        cpu += Self.processor - cpuBefore
        times.append(took * 1000)
        self.messages += messages
        return value
    }

    /// Counts, but is no round.
    mutating func pause(_ body: () throws -> Void) rethrows {
        let (start, cpuBefore) = (Self.wall, Self.processor)
        try body()
        seconds += Self.wall - start
        cpu += Self.processor - cpuBefore
    }

    func report(_ contestant: String, mode: String, batch: Int, rows: Int? = nil) {
        let sorted = times.sorted()
        func percentile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
        var fields = [
            "\"contestant\":\"\(contestant)\"", "\"mode\":\"\(mode)\"", "\"batch\":\(batch)",
            "\"messages\":\(messages)", "\"seconds\":\(seconds)", "\"rate\":\(Double(messages) / seconds)",
            "\"cpu_us_per_message\":\(cpu * 1e6 / Double(messages))",
            "\"p50_ms\":\(percentile(0.5))", "\"p99_ms\":\(percentile(0.99))", "\"longest_ms\":\(sorted.last ?? 0)",
            "\"written_bytes_per_message\":\(Double(Self.written - writtenBefore) / Double(messages))",
            "\"resident_bytes\":\(Self.resident)",
        ]
        if let rows { fields.append("\"rows\":\(rows)") }
        FileHandle.standardOutput.write(Data(("{" + fields.joined(separator: ",") + "}\n").utf8))
    }

    private static var wall: Double { seconds(CLOCK_MONOTONIC) }
    private static var processor: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Bytes that this process had the disk write.
    private static var written: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/io", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
        return line.flatMap { UInt64($0.dropFirst(13)) } ?? 0
    }

    private static var resident: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (UInt64(fields[1]) ?? 0) * UInt64(getpagesize()) : 0
    }
}
