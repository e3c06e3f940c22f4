internal import Glibc
internal import SMSModel

/// What the sandbox was sent: the newest records in memory, and all of them as JSON lines in a file.
///
/// A burst is one `write`, done before its answers go out, so that the file holds whatever was answered
/// even if the daemon is killed the moment after. Once it is full the file is renamed to `PATH.1`,
/// replacing the one before.
struct SandboxLedger: ~Copyable {
    private var ring: [SandboxRecord?] = Array(repeating: nil, count: Limits.sandboxRecords)
    private(set) var total: UInt64 = 0
    private let path: String?
    private let fileBytes: Int
    private var file: Int32 = -1
    private var written = 0
    private var lines: [UInt8] = []

    /// - Parameter fileBytes: when the file is full.
    init(path: String?, fileBytes: Int) {
        self.path = path
        self.fileBytes = fileBytes
        open()
    }

    deinit {
        if file >= 0 { close(file) }
    }

    private mutating func open() {
        guard let path else { return }
        file = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        written = Int(lseek(file, 0, SEEK_END))
        endTornLine()
    }

    /// A kill may have cut the last line short: the next one must not go on in it.
    private mutating func endTornLine() {
        var last: UInt8 = 0
        let newline = UInt8(ascii: "\n")
        guard written > 0, pread(file, &last, 1, off_t(written - 1)) == 1, last != newline else { return }
        literal("\n")
        flush()
    }

    /// The newest records, oldest first.
    func newest(_ limit: Int, to recipient: String?) -> [SandboxRecord] {
        let start = total > UInt64(ring.count) ? total - UInt64(ring.count) : 0
        var kept: [SandboxRecord] = []
        for place in start..<total {
            guard let record = ring[Int(place % UInt64(ring.count))] else { continue }
            if recipient == nil || record.to == recipient { kept.append(record) }
        }
        return kept.suffix(limit)
    }

    /// Only the newest of a burst are made into records: a burst's cost is its line in the file.
    mutating func record(
        _ item: Submission, of batch: Submissions, at now: Int64, providerID: String, outcome: StaticString,
        keep: Bool
    ) {
        if keep {
            ring[Int(total % UInt64(ring.count))] = SandboxRecord(
                at: now, id: item.id, attempt: item.attempt, to: batch.text(item.recipient),
                sender: batch.text(item.sender), body: batch.text(item.body), segments: Int(item.segments),
                encoding: item.encoding, providerID: providerID, outcome: outcome.description)
        } else {
            ring[Int(total % UInt64(ring.count))] = nil
        }
        total += 1
        guard file >= 0 else { return }
        batch.bytes.withUnsafeBytes { bytes in
            literal("{\"at_ms\":")
            number(UInt64(max(0, now)))
            literal(",\"id\":\"")
            number(item.id.rawValue)
            literal("\",\"attempt\":")
            number(UInt64(item.attempt))
            literal(",\"to\":\"")
            escaped(UnsafeRawBufferPointer(rebasing: bytes[item.recipient.range]))
            literal("\",\"sender\":\"")
            escaped(UnsafeRawBufferPointer(rebasing: bytes[item.sender.range]))
            literal("\",\"body\":\"")
            escaped(UnsafeRawBufferPointer(rebasing: bytes[item.body.range]))
            literal("\",\"segments\":")
            number(UInt64(item.segments))
            literal(item.encoding == .gsm7 ? ",\"encoding\":\"GSM7\"" : ",\"encoding\":\"UCS2\"")
            literal(",\"provider_id\":\"")
            lines.append(contentsOf: providerID.utf8)
            literal("\",\"outcome\":\"")
            literal(outcome)
            literal("\"}\n")
        }
    }

    /// Hands the burst's lines to the operating system.
    mutating func flush() {
        guard file >= 0, !lines.isEmpty else { return }
        lines.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = write(file, bytes.baseAddress! + done, bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                done += count
            }
            written += done
        }
        lines.removeAll(keepingCapacity: true)
        if written >= fileBytes, let path {
            close(file)
            rename(path, path + ".1")
            open()
        }
    }

    private mutating func literal(_ text: StaticString) {
        lines.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func number(_ value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = 20
            repeat {
                start -= 1
                digits[start] = 48 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            lines.append(contentsOf: digits[start...])
        }
    }

    private mutating func escaped(_ text: UnsafeRawBufferPointer) {
        // Runs without anything to escape are copied whole.
        var start = 0
        for (index, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            lines.append(contentsOf: text[start..<index])
            start = index + 1
            switch byte {
            case 0x22: literal("\\\"")
            case 0x5C: literal("\\\\")
            case 0x0A: literal("\\n")
            case 0x0D: literal("\\r")
            default:
                let digits = Array("0123456789abcdef".utf8)
                literal("\\u00")
                lines.append(digits[Int(byte >> 4)])
                lines.append(digits[Int(byte & 15)])
            }
        }
        lines.append(contentsOf: text[start...])
    }
}
