internal import Glibc

/// The directory that holds a gateway's data, locked for as long as this value lives.
///
/// `DIR/lock` is held by `flock`, which the system releases however the process ends, and names its holder.
/// Whoever holds it may replace a stale socket in the directory.
package final class DataDirectory: Sendable {
    package let path: String
    private let lock: Int32

    /// Makes the directory (mode 0700) if there is none, and takes its lock.
    /// - Throws: `locked`, naming the holder; `failed` if the system refuses.
    package init(path: String) throws(StoreError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .failed("the data directory \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw .failed("\(path)/lock cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.read(lock)
            close(lock)
            throw .locked(
                "the data directory \(path) is in use by \(holder.isEmpty ? "another process" : holder): "
                    + "stop it, or choose another directory with --data")
        }
        let holder = Array("apusd, process \(getpid())\n".utf8)
        ftruncate(lock, 0)
        _ = holder.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
    }

    deinit {
        close(lock)
    }

    package var databasePath: String { path + "/apus.db" }
    package var socketPath: String { path + "/apus.sock" }
    package var keyPath: String { path + "/dev.key" }
    package var sandboxRecordPath: String { path + "/sandbox.jsonl" }

    private static func read(_ file: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
