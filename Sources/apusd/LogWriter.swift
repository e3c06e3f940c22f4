internal import Foundation
internal import Logging
internal import SMSModel
internal import Synchronization
internal import Threading

/// Writes lines to a file descriptor from a thread of its own, so that the one who logs never waits for the one who reads.
///
/// Lines wait in a buffer of bounded size. What comes while it is full is dropped and counted, and the count is told
/// once there is room. Each line is one write, so that those of several processes at one pipe don't mix either.
final class LogWriter: Sendable {
    static let standardError = LogWriter(
        file: STDERR_FILENO, format: isatty(STDERR_FILENO) == 1 ? .text : .json)

    let format: LogFormat
    private let file: Int32
    private let bufferBytes: Int
    private let thread = WorkerThread(name: "apus-log")
    private let waiting = Mutex(Waiting())

    private struct Waiting {
        /// Whole lines.
        var lines: [UInt8] = []
        /// Since those came.
        var dropped = 0
        /// What was taken before is being written.
        var isWriting = false
        var isStarted = false
    }

    /// - Parameter bufferBytes: of lines that wait; as much again may be on its way to the file.
    init(file: Int32, format: LogFormat, bufferBytes: Int = Limits.logBufferBytes) {
        self.file = file
        self.format = format
        self.bufferBytes = bufferBytes
    }

    /// - Parameter line: its end included.
    func append(_ line: [UInt8]) {
        let starts = waiting.withLock { waiting in
            if waiting.lines.count + line.count > bufferBytes {
                waiting.dropped += 1
            } else {
                waiting.lines += line
            }
            defer { waiting.isStarted = true }
            return !waiting.isStarted
        }
        if starts { thread.start { [self] in turn() } }
        thread.wake()
    }

    /// Waits until all is written, but not for long: a reader that takes nothing must not keep a process from ending.
    func flush(within time: Duration = .seconds(1)) {
        let end = ContinuousClock.now + time
        while !waiting.withLock({ $0.lines.isEmpty && $0.dropped == 0 && !$0.isWriting }), ContinuousClock.now < end {
            usleep(1000)
        }
    }

    private func turn() -> Int64? {
        let taken = waiting.withLock { waiting in
            let taken = waiting
            waiting.lines = []
            waiting.dropped = 0
            waiting.isWriting = !taken.lines.isEmpty || taken.dropped > 0
            return taken
        }
        write(taken.lines)
        if taken.dropped > 0 {
            write(
                format.line(
                    at: Self.now(), level: .warning,
                    message: "log lines were dropped: nobody takes them fast enough", label: "apusd",
                    fields: [("lines", "\(taken.dropped)")]))
        }
        waiting.withLock { $0.isWriting = false }
        return nil
    }

    /// Milliseconds since the Unix epoch.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// One write a line. What cannot be written is lost: there is nobody to tell.
    private func write(_ lines: [UInt8]) {
        lines.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                let count = (rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count - 1) + 1
                writeAll(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                start += count
            }
        }
    }

    private func writeAll(_ line: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < line.count {
            let count = Glibc.write(file, line.baseAddress! + offset, line.count - offset)
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                // Another process has made the shared file non-blocking.
                var readiness = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                _ = poll(&readiness, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
