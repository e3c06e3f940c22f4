internal import Foundation
internal import Glibc
internal import SMSModel
internal import Testing

@testable internal import apusd

@Suite struct LogWriterTests {
    private struct Pipe: ~Copyable {
        let reading: Int32
        let writing: Int32

        init() {
            var ends: [Int32] = [0, 0]
            precondition(pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Reads until `isDone`.
        func read(until isDone: (String) -> Bool) -> String {
            var bytes: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 65_536)
            while !isDone(String(decoding: bytes, as: UTF8.self)) {
                let count = Glibc.read(reading, &block, block.count)
                guard count > 0 else { break }
                bytes += block[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

    @Test(.timeLimit(.minutes(1))) func linesComeWholeAndInOrder() async {
        let pipe = Pipe()
        let writer = LogWriter(file: pipe.writing, format: .json)
        await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask { for number in 0..<100 { writer.append(line("\(task) \(number)")) } }
            }
        }
        let lines = pipe.read { $0.filter { $0 == "\n" }.count == 400 }.split(separator: "\n")
        for task in 0..<4 {
            #expect(lines.filter { $0.hasPrefix("\(task) ") } == (0..<100).map { "\(task) \($0)" })
        }
    }

    /// Nobody reads: anyone who logs goes on all the same, and what was lost is told once there is room.
    @Test(.timeLimit(.minutes(1))) func aPipeThatNobodyReadsHoldsNobodyUp() throws {
        let pipe = Pipe()
        let bufferBytes = 64 * 1024
        let writer = LogWriter(file: pipe.writing, format: .json, bufferBytes: bufferBytes)
        let text = String(repeating: "x", count: 99)
        let count = 20_000
        for _ in 0..<count { writer.append(line(text)) }
        func account(_ all: String) -> (kept: Int, dropped: Int) {
            let lines = all.split(separator: "\n")
            let dropped = lines.compactMap { line -> Int? in
                guard line.contains("\"level\":\"warning\",\"message\":\"log lines were dropped") else { return nil }
                return line.components(separatedBy: "\"lines\":\"").last.flatMap { Int($0.prefix { $0.isNumber }) }
            }
            return (lines.filter { $0 == text }.count, dropped.reduce(0, +))
        }
        let all = pipe.read { $0.hasSuffix("}\n") && account($0).kept + account($0).dropped == count }
        #expect(account(all).dropped > 0)
        // What the pipe holds, what was on its way there, and what waited.
        #expect(account(all).kept * 100 <= 2 * bufferBytes + 256 * 1024)
        // There is room again.
        writer.append(line("again"))
        #expect(pipe.read { $0.hasSuffix("again\n") } == "again\n")
    }

    @Test(.timeLimit(.minutes(1))) func flushWaitsForAllOrNotForLong() {
        let pipe = Pipe()
        let writer = LogWriter(file: pipe.writing, format: .json)
        writer.append(line("first"))
        writer.flush()
        var waiting: Int32 = 0
        #expect(ioctl(pipe.reading, UInt(FIONREAD), &waiting) == 0 && waiting == 6)
        // More than the pipe holds.
        writer.append(line(String(repeating: "x", count: 300_000)))
        writer.flush(within: .milliseconds(20))
        #expect(pipe.read { $0.hasSuffix("x\n") }.utf8.count == 6 + 300_001)
    }

    @Test(.timeLimit(.minutes(1))) func aNonBlockingFileLosesNothing() {
        let pipe = Pipe()
        _ = fcntl(pipe.writing, F_SETFL, O_NONBLOCK)
        let writer = LogWriter(file: pipe.writing, format: .json)
        writer.append(line(String(repeating: "x", count: 300_000)))
        #expect(pipe.read { $0.hasSuffix("x\n") }.utf8.count == 300_001)
    }

    @Test(.timeLimit(.minutes(1))) func aClosedFileIsNoTrouble() {
        let writer = LogWriter(file: -1, format: .json)
        writer.append(line("lost"))
        writer.flush()
    }
}
