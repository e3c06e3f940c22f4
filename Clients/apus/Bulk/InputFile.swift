internal import Glibc
internal import NIOPosix

/// A file that is read block by block, off the threads of Swift's tasks.
struct InputFile: Sendable {
    static let blockBytes = 64 * 1024

    /// The file's name in messages.
    let name: String
    private let descriptor: Int32
    /// The file's bytes; nil for anything but a regular file.
    let size: Int?

    /// Opens a file to read it.
    ///
    /// - Parameter path: `-` is standard input.
    /// - Throws: a usage failure if it cannot be opened.
    init(path: String) throws(CommandFailure) {
        if path == "-" {
            self.init(name: "standard input", descriptor: STDIN_FILENO)
            return
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(
                .usage, SystemError(path).description, advice: "Name a file to read, or - for standard input.")
        }
        self.init(name: path, descriptor: descriptor)
    }

    private init(name: String, descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
        var status = stat()
        size = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Reads on from where the last block ended.
    ///
    /// - Returns: the next block; empty at the end.
    func read() async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { [descriptor, name] in
            while true {
                var count = 0
                let block = [UInt8](unsafeUninitializedCapacity: Self.blockBytes) { buffer, filled in
                    count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                    filled = max(0, count)
                }
                if count >= 0 { return block }
                if errno != EINTR { throw CommandFailure(.refused, SystemError(name).description) }
            }
        }
    }

    /// Reads the whole file as text without white space around it: a key or another secret.
    ///
    /// - Throws: a usage failure if it is no text, or longer than ``blockBytes``.
    func trimmedText() async throws -> String {
        try await text(atMost: Self.blockBytes).trimmed
    }

    /// Reads the whole file as text.
    ///
    /// - Throws: a usage failure if it is no text, or longer than that.
    func text(atMost limit: Int) async throws -> String {
        var bytes: [UInt8] = []
        while case let block = try await read(), !block.isEmpty, bytes.count <= limit { bytes += block }
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(name) is no text of at most \(limit) bytes")
        }
        return text
    }

    /// Bytes of a regular file that have been read.
    var position: Int { Int(lseek(descriptor, 0, SEEK_CUR)) }

    // MARK: Reading it more than once

    /// Makes the next block the file's first again.
    ///
    /// - Throws: a failure if the file is not a regular one.
    func rewind() throws(CommandFailure) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw CommandFailure(.refused, SystemError(name).description) }
    }

    /// The same content as a file that can be read more than once: the file itself, or a copy of what comes through a
    /// pipe. The copy has no name, and is gone when the process ends.
    ///
    /// - Parameter folder: holds the copy.
    func rereadable(in folder: String) async throws -> InputFile {
        guard size == nil else { return self }
        var path = Array("\(folder)/apus-bulk-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
        let copy = mkstemp(&path)
        guard copy >= 0, fcntl(copy, F_SETFD, FD_CLOEXEC) == 0 else {
            throw CommandFailure(.refused, SystemError(folder).description)
        }
        unlink(path)
        while case let block = try await read(), !block.isEmpty {
            try await NIOThreadPool.singleton.runIfActive {
                var rest = block[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { write(copy, $0.baseAddress, $0.count) }
                    guard count >= 0 || errno == EINTR else {
                        throw CommandFailure(.refused, "copying \(name) failed: \(SystemError(folder).description)")
                    }
                    rest = rest.dropFirst(max(0, count))
                }
            }
        }
        let file = InputFile(name: name, descriptor: copy)
        try file.rewind()
        return file
    }
}
