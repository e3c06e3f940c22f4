internal import Foundation
internal import Glibc
internal import NIOCore

/// Finds out whether an address can be listened at, without listening there: nobody who does is disturbed, and a daemon
/// that starts meanwhile can.
enum ListenProbe {
    enum Finding: Hashable, Sendable {
        case free
        /// nil = this user cannot see by whom.
        case inUse(by: ListeningProcess?)
        /// A clause.
        case impossible(String)
    }

    static func tcp(host: String, port: Int) -> Finding {
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            return .impossible("the name \(host) has no address")
        }
        let family = address.protocol.rawValue
        let descriptor = socket(CInt(family), CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .impossible(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        // As the servers do: connections that were closed a moment ago must not count.
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        let code = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 ? 0 : errno }
        switch code {
        case 0: return .free
        case EADDRINUSE: return .inUse(by: ListeningProcess.find(at: address))
        case EADDRNOTAVAIL: return .impossible("no network interface of this machine has that address")
        case EACCES: return .impossible("this user may not listen at ports below 1024")
        default: return .impossible(String(cString: strerror(code)))
        }
    }

    static func unix(path: String) -> Finding {
        let folder = path.contains("/") ? path.split(separator: "/").dropLast().joined(separator: "/") : "."
        let parent = path.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder
        guard access(parent, W_OK | X_OK) == 0 else {
            return .impossible("the folder \(parent) cannot be written to: \(String(cString: strerror(errno)))")
        }
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return .free }
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            return .impossible("what is there is no socket")
        }
        return isAnswered(path) ? .inUse(by: ListeningProcess.find(atSocket: path)) : .free
    }

    /// What a daemon that was killed leaves behind answers nobody, and is replaced by the next one.
    private static func isAnswered(_ path: String) -> Bool {
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { return false }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return address.withSockAddr {
            connect(descriptor, $0, socklen_t($1)) == 0 || errno == EAGAIN || errno == EACCES
        }
    }
}
