internal import FoundationEssentials
internal import Glibc
internal import SecretFiles

/// Looks at what is on this machine: the way to the gateway as far as it can be seen without going it.
enum LocalChecks {
    /// - Parameter keyWarnings: what the locator has said of files of keys that others can read.
    static func findings(of endpoint: Endpoint, keyWarnings: [String]) -> [Finding] {
        var findings = [Finding("gateway", .ok, "\(endpoint.server), from \(endpoint.source)")]
        if let path = socketPath(endpoint.server) { findings.append(socket(path)) }
        findings += keyWarnings.map {
            Finding("key file", .warning, $0, advice: "Who has read it acts with it: make another key if need be.")
        }
        findings += [endpoint.tls.certKey].compactMap(\.self).compactMap(secret)
        for path in [endpoint.tls.ca, endpoint.tls.cert].compactMap(\.self) where access(path, R_OK) != 0 {
            findings.append(
                Finding(
                    "certificate file", .failure, "\(path) cannot be read: \(String(cString: strerror(errno)))",
                    advice: "Check that it is there and that you may read it."))
        }
        return findings
    }

    static func socketPath(_ server: String) -> String? {
        server.hasPrefix("unix:") ? String(server.dropFirst("unix:".count)) : nil
    }

    /// A file with a private key; nil if nothing is wrong with it.
    private static func secret(_ path: String) -> Finding? {
        do throws(SecretFileError) {
            try SecretFile.check(path)
            return nil
        } catch {
            if case .exposed = error { return Finding("key file", .warning, "\(error)") }
            return Finding("key file", .failure, "\(error)", advice: "Check its path and who may read it.")
        }
    }

    static func socket(_ path: String) -> Finding {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let why = String(cString: strerror(errno))
            return Finding(
                "socket", .failure, "\(path): \(why)",
                advice: errno == EACCES
                    ? "Who is in the service's group may enter its folder: `sudo adduser $USER apus`, then log in again."
                    : "Start the gateway (`systemctl start apusd`, `apusd dev`), or name another with --server.")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            return Finding("socket", .failure, "\(path) is no socket", advice: "Name another with --server.")
        }
        let mode = String(status.st_mode & 0o777, radix: 8)
        guard access(path, W_OK) == 0 else {
            return Finding(
                "socket", .failure, "\(path) has mode \(mode), by which you may not connect",
                advice: "Run as its user or in its group, or set socket-mode.")
        }
        if status.st_mode & 0o002 != 0 {
            return Finding(
                "socket", .warning, "\(path) has mode \(mode): every user of this machine may connect",
                advice: "Set socket-mode to 0660 or 0600, unless that is meant: a key is needed all the same.")
        }
        return Finding("socket", .ok, "\(path), mode \(mode)")
    }
}
