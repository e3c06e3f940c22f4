internal import Glibc

/// A file that holds a secret: an API key, a master key, a private key, credentials of a carrier.
///
/// It is refused if others may read it, by the rule that PostgreSQL has for the private key of its server: its mode is
/// 0600 or less; a file of root may also be readable by its group, 0640, so that a service which runs as another user
/// can be given it by its group. It is refused too if others may put another one in its place, by the rule that OpenSSH
/// has for keys (`StrictModes`): the directories that lead to it, links followed, belong to root, the reader or the
/// file's owner, and nobody else may write to them; a directory such as `/tmp`, where nobody can take away what is
/// another's, counts as one that others can't write to.
package enum SecretFile {
    /// Reads the whole file.
    /// - Parameter limit: how many bytes it may have.
    /// - Throws: ``SecretFileError``, which names the file and the reason, and nothing of its contents.
    package static func read(_ path: String, limit: Int) throws(SecretFileError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .unreadable(path, String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(path, String(cString: strerror(errno))) }
        try check(status, path)
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= limit {
            let count = block.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw .unreadable(path, String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += block[..<count]
        }
        guard bytes.count <= limit else { throw .unreadable(path, "it has more than \(limit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .unreadable(path, "it is no UTF-8") }
        return text
    }

    /// Checks a file that another library reads by its path.
    /// - Throws: ``SecretFileError``.
    package static func check(_ path: String) throws(SecretFileError) {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw .unreadable(path, String(cString: strerror(errno)))
        }
        try check(status, path)
    }

    private static func check(_ status: stat, _ path: String) throws(SecretFileError) {
        // A pipe has no permissions that would say who reads it.
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        let reader = geteuid()
        if let exposure = exposure(mode: status.st_mode, owner: status.st_uid, reader: reader) {
            throw .exposed(path, exposure)
        }
        guard let real = realpath(path, nil) else { throw .unreadable(path, String(cString: strerror(errno))) }
        defer { free(real) }
        var directory = String(cString: real)
        while directory != "/" {
            directory = parent(of: directory)
            var info = stat()
            guard lstat(directory, &info) == 0 else { throw .unreadable(path, String(cString: strerror(errno))) }
            guard isSafe(directory: info.st_mode, owner: info.st_uid, fileOwner: status.st_uid, reader: reader) else {
                throw .exposed(path, .directory(directory))
            }
        }
    }

    private static func parent(of path: String) -> String {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Whether nobody but root, the reader and the file's owner can put another file in the place of one that lies there.
    static func isSafe(directory mode: UInt32, owner: UInt32, fileOwner: UInt32, reader: UInt32) -> Bool {
        (mode & 0o022 == 0 || mode & 0o1000 != 0) && [0, reader, fileOwner].contains(owner)
    }

    /// The readers that a file should not have.
    package enum Exposure: Hashable, Sendable {
        /// Its mode lets a group or everybody in.
        case mode(UInt32, isOfRoot: Bool)
        /// It belongs to a third user, who may read and change it.
        case owner(UInt32)
        /// Others can put another file in its place, in this directory that leads to it.
        case directory(String)
    }

    /// - Parameters:
    ///   - mode: the file's, with or without the bits of its kind.
    ///   - owner: the file's user.
    ///   - reader: the user of this process. Root can read what it likes, so that a file is not another's to it.
    /// - Returns: nil if the file is for those alone who should read it.
    static func exposure(mode: UInt32, owner: UInt32, reader: UInt32) -> Exposure? {
        let permissions = mode & 0o7777
        let forbidden: UInt32 = owner == 0 ? 0o037 : 0o077
        if permissions & forbidden != 0 { return .mode(permissions, isOfRoot: owner == 0) }
        return owner == 0 || owner == reader || reader == 0 ? nil : .owner(owner)
    }
}

/// Why a file of a secret is not used. The description is a clause that begins with the path.
package enum SecretFileError: Error, CustomStringConvertible {
    case unreadable(_ path: String, _ reason: String)
    case exposed(_ path: String, _ exposure: SecretFile.Exposure)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .exposed(let path, .owner(let user)):
            "\(path) belongs to another user (\(user)), who can read it: `chown` it to the user that reads it, or to root"
        case .exposed(let path, .directory(let directory)):
            "\(path) can be replaced by others, who can write to \(directory): `chmod go-w` it, and give it to root or the user that reads the file"
        case .exposed(let path, .mode(let mode, let isOfRoot)):
            "\(path) can be read by others (mode \(Self.octal(mode))): `chmod \(isOfRoot ? "640" : "600")` it"
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
