internal import Foundation
internal import NIOCore

/// A process that listens at an address, as far as this user may see it.
struct ListeningProcess: Hashable, Sendable {
    var id: Int32
    var name: String

    /// - Parameter address: of TCP. Anyone who listens at all addresses of its port is found too.
    static func find(at address: SocketAddress) -> ListeningProcess? {
        guard let port = address.port else { return nil }
        let own = words(of: address)
        let isWildcard = own.allSatisfy { $0 == "0" }
        var inodes: Set<String> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for columns in rows(of: table) where columns.count > 9 && columns[3] == "0A" {
                let parts = columns[1].split(separator: ":")
                guard parts.count == 2, Int(parts[1], radix: 16) == port else { continue }
                if isWildcard || parts[0] == own || parts[0].allSatisfy({ $0 == "0" }) {
                    inodes.insert(String(columns[9]))
                }
            }
        }
        return holder(ofSocketIn: inodes)
    }

    static func find(atSocket path: String) -> ListeningProcess? {
        let rows = rows(of: "/proc/net/unix").filter { $0.count > 7 && $0[7...].joined(separator: " ") == path }
        return holder(ofSocketIn: Set(rows.map { String($0[6]) }))
    }

    /// The address as the system's tables have it: words of 32 bits, each as the machine reads it (proc(5)).
    private static func words(of address: SocketAddress) -> String {
        let bytes: [UInt8]
        switch address {
        case .v4(let address): bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: bytes = []
        }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { word in
                let value = raw.loadUnaligned(fromByteOffset: word * 4, as: UInt32.self)
                let digits = String(value, radix: 16, uppercase: true)
                return String(repeating: "0", count: 8 - digits.count) + digits
            }.joined()
        }
    }

    private static func rows(of table: String) -> [[Substring]] {
        guard let text = try? String(contentsOfFile: table, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
    }

    private static func holder(ofSocketIn inodes: Set<String>) -> ListeningProcess? {
        guard !inodes.isEmpty else { return nil }
        let sockets = Set(inodes.map { "socket:[\($0)]" })
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int32(name) else { continue }
            // Those of other users can't be listed.
            for file in (try? files.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? [] {
                guard let target = try? files.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\(file)"),
                    sockets.contains(target)
                else { continue }
                let command = (try? String(contentsOfFile: "/proc/\(id)/comm", encoding: .utf8)) ?? ""
                return ListeningProcess(id: id, name: command.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        return nil
    }
}
