internal import Glibc
internal import RPCTransport
internal import Storage
internal import WebGateway

/// An address at which the daemon is to listen, and whether it can.
struct ListenAddress {
    /// The address as it was given.
    var name: String
    /// The option of the command line by which it is chosen.
    var option: String
    var probe: () -> ListenProbe.Finding

    init(_ address: ServerAddress) {
        name = address.description
        option = "--rpc"
        switch address {
        case .unix(let path): probe = { ListenProbe.unix(path: path) }
        case .tcp(let host, let port), .tls(let host, let port): probe = { ListenProbe.tcp(host: host, port: port) }
        }
    }

    init(_ address: WebAddress) {
        name = address.description
        option = "--http"
        probe = { ListenProbe.tcp(host: address.host, port: address.port) }
    }

    /// Why it can't be listened at and what to do, in words for people; nil = it can.
    var fault: String? {
        switch probe() {
        case .free: nil
        case .impossible(let why): "cannot listen at \(name): \(why); choose another with \(option)"
        case .inUse(let process?) where process.id == getpid(): "cannot listen at \(name): it is given twice"
        case .inUse(let process?):
            "cannot listen at \(name): \(process.name), process \(process.id), listens there; "
                + "end that one, or choose another with \(option)"
        case .inUse(nil):
            "cannot listen at \(name): another process listens there, which this user cannot see; "
                + "end that one, or choose another with \(option)"
        }
    }
}

extension Daemon {
    /// Refuses addresses that cannot be listened at before anything else is done, so that nothing else is told.
    func checkAddresses(_ addresses: [ServerAddress], _ webAddresses: [WebAddress]) throws {
        // Another daemon over the same data is told by its lock.
        guard DataDirectory.holder(of: configuration.data) == nil else { return }
        let all = addresses.map { ListenAddress($0) } + webAddresses.map { ListenAddress($0) }
        let faults = all.compactMap(\.fault)
        if !faults.isEmpty { throw ConfigurationProblems(problems: faults) }
    }

    /// What is told where listening fails all the same.
    func listenFault(_ addresses: [ListenAddress], _ error: any Error) -> DaemonError {
        let names = addresses.map(\.name).joined(separator: ", ")
        return DaemonError(
            text: addresses.lazy.compactMap(\.fault).first ?? "cannot listen at \(names): \(error)", exitCode: 1)
    }
}
