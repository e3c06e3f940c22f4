internal import Glibc
internal import Testing

/// A wall clock that differs from the real one by what a file says.
struct MovedClock {
    private let library: PreloadLibrary
    private let file: String

    init(in directory: TestDirectory) throws {
        library = try PreloadLibrary("MovedClock/movedclock.c", in: directory)
        file = directory.path + "/clock"
        try set(.zero)
    }

    func set(_ offset: Duration) throws {
        // In place: the daemon has the file mapped.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let written = withUnsafeBytes(of: offset.components.seconds) {
            write(descriptor, $0.baseAddress, $0.count)
        }
        try #require(written == MemoryLayout<Int64>.size)
    }

    var environment: [String: String] { ["LD_PRELOAD": library.path, "MOVED_CLOCK": file] }
}
