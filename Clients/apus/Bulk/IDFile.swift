internal import ApusClient
internal import Glibc
internal import Synchronization

/// A file that says which message each row has become: CSV with the columns `line`, `to` and `id`.
///
/// It is written as the answers come, so rows do not stand in the order of their lines. Its owner alone can read it.
final class IDFile: Sendable {
    private static let flushBytes = 64 * 1024

    private let path: String
    private let descriptor: Int32
    private let waiting = Mutex(Array("line,to,id\n".utf8))

    /// Makes the file, or empties the one that is there.
    ///
    /// - Throws: a usage failure if that cannot be done.
    init(path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(.usage, SystemError(path).description) }
    }

    deinit {
        close(descriptor)
    }

    func append(line: Int, recipient: UInt64, id: MessageID) throws(CommandFailure) {
        let isFull = waiting.withLock { bytes in
            bytes += "\(line),+\(recipient),\(id)\n".utf8
            return bytes.count >= Self.flushBytes
        }
        if isFull { try flush() }
    }

    func flush() throws(CommandFailure) {
        let bytes = waiting.withLock { bytes in
            defer { bytes.removeAll(keepingCapacity: true) }
            return bytes
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw CommandFailure(.refused, SystemError(path).description) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
