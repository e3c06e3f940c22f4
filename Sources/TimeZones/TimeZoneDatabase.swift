internal import Glibc
package import SMSModel

/// The time zones that the system has: files by the zones' names (RFC 8536), from the IANA's database.
package struct TimeZoneDatabase: Sendable {
    private let folders: [String]

    /// - Parameter folders: where the files are, the first that is there counts.
    package init(folders: [String]) {
        self.folders = folders
    }

    /// The system's own. The environment's TZDIR goes before the places where systems have it.
    package init(environment: [String: String]) {
        self.init(folders: environment["TZDIR"].map { [$0] } ?? ["/usr/share/zoneinfo", "/usr/lib/zoneinfo"])
    }

    /// Why a name stands for no zone: a clause for people, of which the name or its place is the subject.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case unknown(String)
        case notInstalled

        package var description: String {
            switch self {
            case .unknown(let name):
                "is no time zone of this machine (\(name)): names are such as Europe/Berlin, America/New_York or UTC"
            case .notInstalled:
                "needs a time zone database, which this machine has not: install the package tzdata, or use UTC"
            }
        }
    }

    /// - Parameter name: such as `Europe/Berlin`; `UTC` is known without any file.
    package func rules(named name: String) throws(Problem) -> TimeZoneRules {
        if ["UTC", "Etc/UTC"].contains(name) { return .utc }
        guard let folder = folders.first(where: Self.isFolder) else { throw .notInstalled }
        guard TimeZoneRules.isName(name), let rules = Self.read(folder + "/" + name) else { throw .unknown(name) }
        return rules
    }

    /// The zone of the person who runs a command: the environment's TZ, else the system's.
    package func local(environment: [String: String]) throws(Problem) -> TimeZoneRules {
        guard let given = environment["TZ"] else { return Self.read("/etc/localtime") ?? .utc }
        let name = given.hasPrefix(":") ? String(given.dropFirst()) : given
        if name.isEmpty { return .utc }
        if name.hasPrefix("/"), let rules = Self.read(name) { return rules }
        do throws(Problem) {
            return try rules(named: name)
        } catch {
            guard let rules = TimeZoneRules(posix: name) else { throw error }
            return rules
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func read(_ path: String) -> TimeZoneRules? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count <= Limits.timeZoneBytes {
            var block = [UInt8](repeating: 0, count: 16 * 1024)
            let count = Glibc.read(file, &block, block.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? TimeZoneRules(tzif: bytes) : nil }
            bytes += block.prefix(count)
        }
        return nil
    }
}
