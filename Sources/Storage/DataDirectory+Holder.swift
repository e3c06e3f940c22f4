internal import Glibc

extension DataDirectory {
    /// The process that holds a directory's lock now; nil if none does, or none that this process can see.
    ///
    /// It does not try the lock, so that it is in nobody's way.
    package static func holder(of directory: String) -> Int32? {
        let file = open(directory + "/lock", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        let words = read(file).split(separator: " ")
        guard fstat(file, &status) == 0, let last = words.last, let process = Int32(last) else { return nil }
        // A process that ended has left its name in the file, and its number may be another's since.
        return locks().contains { $0.process == process && $0.inode == UInt64(status.st_ino) } ? process : nil
    }

    /// The locks of `flock` that are held, as `/proc/locks` (proc(5)) lists them.
    private static func locks() -> [(process: Int32, inode: UInt64)] {
        guard let file = fopen("/proc/locks", "re") else { return [] }
        defer { fclose(file) }
        var locks: [(Int32, UInt64)] = []
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            // 1: FLOCK  ADVISORY  WRITE 4711 08:01:262150 0 EOF
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]),
                let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) })
            else { continue }
            locks.append((process, inode))
        }
        return locks
    }
}
