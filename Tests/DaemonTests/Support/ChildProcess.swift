internal import Foundation
internal import Glibc
internal import Synchronization

/// A process that a test started, with its output in files. It is always killed and reaped.
final class ChildProcess: Sendable {
    enum Exit: Hashable {
        case code(Int32)
        case signal(Int32)
    }

    struct SpawnError: Error {
        var path: String
        var reason: String
    }

    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private let exit = Mutex<Exit?>(nil)

    /// - Parameters:
    ///   - environment: all of it; nothing is inherited.
    ///   - directory: where it runs, and where its output goes.
    ///   - input: what it reads from standard input.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String], directory: TestDirectory,
        input: String = ""
    ) throws {
        let stem = directory.path + "/process-\(Self.counter.add(1, ordering: .relaxed).newValue)"
        outputPath = stem + ".out"
        errorPath = stem + ".err"
        try Data(input.utf8).write(to: URL(fileURLWithPath: stem + ".in"))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, stem + ".in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        // env becomes the program, in its directory.
        let launcher = "/usr/bin/env"
        let words = ([launcher, "-C", directory.path, executable] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, launcher, &actions, nil, words, variables)
        guard code == 0 else { throw SpawnError(path: executable, reason: String(cString: strerror(code))) }
        self.pid = pid
        Self.living.withLock { _ = $0.insert(pid) }
    }

    deinit {
        guard exit.withLock({ $0 }) == nil else { return }
        _ = Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        Self.living.withLock { _ = $0.remove(pid) }
    }

    var output: String { Self.text(of: outputPath) }
    var errors: String { Self.text(of: errorPath) }

    func send(_ signal: Int32) {
        // Only while it isn't reaped: afterwards the number may be another's.
        exit.withLock { if $0 == nil { _ = Glibc.kill(pid, signal) } }
    }

    /// How it ended; nil while it runs.
    func poll() -> Exit? {
        exit.withLock { exit in
            if exit != nil { return exit }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            exit = status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
            Self.living.withLock { _ = $0.remove(pid) }
            return exit
        }
    }

    func waitForExit(within time: Duration = .seconds(60)) async throws -> Exit {
        try await eventually("process \(pid) ends", within: time) { self.poll() }
    }

    /// From /proc; 0 once it has ended.
    var residentBytes: Int {
        let fields = Self.text(of: "/proc/\(pid)/statm").split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
    }

    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = block.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += block[..<count]
        }
    }

    private static let counter = Atomic<Int>(0)

    /// Killed when the tests end early, so that none outlives them.
    private static let living: Mutex<Set<pid_t>> = {
        atexit { ChildProcess.killAll() }
        return Mutex([])
    }()

    private static func killAll() {
        living.withLock { for pid in $0 { _ = Glibc.kill(pid, SIGKILL) } }
    }
}
