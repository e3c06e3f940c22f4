internal import Glibc

/// The directory that holds a gateway's data, locked for as long as this value lives.
///
/// The directory itself is held by `flock`, which the system releases however the process ends: nothing in it can be
/// removed that would let another process in. `DIR/lock` is held too, for file systems where directories can't be, and
/// names the holder. Anyone who holds both may replace a stale socket in the directory.
package final class DataDirectory: Sendable {
    package let path: String
    private let lock: Int32
    private let directory: Int32

    /// Makes the directory (mode 0700) if there is none, and takes its lock.
    /// - Throws: `locked`, naming the holder; `failed` if the system refuses.
    package init(path: String) throws(StoreError) {
        self.path = path
        if mkdir(path, 0o700) == 0 {
            try Self.sync(Self.parent(of: path))
        } else if errno != EEXIST {
            throw .failed("the data directory \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw .failed("\(path)/lock cannot be opened: \(String(cString: strerror(errno)))")
        }
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else {
            throw .failed("the data directory \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        let isHeld = flock(directory, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
        guard isHeld, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            // What this value has opened is closed by its deinit: it is complete, although it is not handed out.
            let holder = Self.read(lock)
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
        close(directory)
    }

    package var socketPath: String { path + "/apus.sock" }
    package var keyPath: String { path + "/dev.key" }
    /// Where `apusd dev` keeps the master key that it made.
    package var masterKeyPath: String { path + "/master.key" }
    package var sandboxRecordPath: String { path + "/sandbox.jsonl" }

    // MARK: The store's files

    /// What belongs to no day: batches' names, providers' numbers, what is paused.
    package static func controlPath(in directory: String) -> String { directory + "/control.db" }
    /// A file for each UTC day.
    package static func daysPath(in directory: String) -> String { directory + "/days" }
    package static func path(of day: Day, in directory: String) -> String { "\(directory)/days/\(day).db" }
    /// The one file of a format that is refused.
    static func singleFilePath(in directory: String) -> String { directory + "/apus.db" }

    /// Whether there is anything of a gateway's, also of a format that is refused.
    package static func holdsData(_ directory: String) -> Bool {
        exists(controlPath(in: directory)) || exists(singleFilePath(in: directory))
    }

    /// The days that have a file, oldest first.
    package static func days(in directory: String) -> [Day] {
        entries(of: daysPath(in: directory)).compactMap { name in
            name.hasSuffix(".db") ? Day(name.dropLast(3)) : nil
        }.sorted()
    }

    /// In bytes; 0 if there is no such file.
    static func size(of path: String) -> Int64 {
        var info = stat()
        return stat(path, &info) == 0 ? Int64(info.st_size) : 0
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a directory (mode 0700) unless it is there.
    static func make(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw .failed("the directory \(path) cannot be made: \(String(cString: strerror(errno)))")
    }

    /// Makes what a directory lists outlive a loss of power.
    static func sync(_ directory: String) throws(StoreError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw .failed("the directory \(directory) cannot be synced: \(String(cString: strerror(errno)))")
        }
    }

    /// The directory that holds a file or directory.
    static func parent(of path: String) -> String {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        return path.hasPrefix("/") ? "/" + parent : parent.isEmpty ? "." : parent
    }

    /// Removes a database with its log.
    static func removeDatabase(_ path: String) throws(StoreError) {
        for name in [path, path + "-wal", path + "-shm"] where unlink(name) != 0 && errno != ENOENT {
            throw .failed("\(name) cannot be removed: \(String(cString: strerror(errno)))")
        }
    }

    /// - Parameter target: what is there is replaced.
    static func rename(_ path: String, to target: String) throws(StoreError) {
        guard Glibc.rename(path, target) != 0 else { return }
        throw .failed("\(path) cannot be renamed to \(target): \(String(cString: strerror(errno)))")
    }

    /// Names in a directory; none if it cannot be read.
    static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func read(_ file: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
