internal import Glibc
internal import Testing

/// A file system in memory of a certain size.
struct SmallDisk {
    private let path: String

    init(at path: String, bytes: Int) throws {
        self.path = path
        mkdir(path, 0o700)
        guard mount("apus-test", path, "tmpfs", 0, "size=\(bytes),mode=0700") == 0 else {
            let reason = String(cString: strerror(errno))
            rmdir(path)
            try Test.cancel("a file system cannot be mounted: \(reason)")
        }
    }

    /// - Returns: false while files of it are open for writing.
    func makeReadOnly() -> Bool { mount("", path, "", UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) == 0 }

    func makeWritable() -> Bool { mount("", path, "", UInt(MS_REMOUNT), nil) == 0 }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }
}
