internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import TLS

/// Why a connection could not be made, in the system's words, without the names of functions and types.
package func connectReason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
        if let first = error.connectionErrors.first { return connectReason(first.error) }
        return "the name \(error.host) is not known"
    case let error as IOError:
        return String(cString: strerror(error.errnoCode))
    case let error as TLSError:
        return error.description
    case ChannelError.connectTimeout:
        return "no answer in time"
    default:
        return "\(error)"
    }
}
