internal import ConfigurationModel
internal import Cryptography
internal import FoundationEssentials
internal import HTTPTransport
internal import SMSModel

extension HTTPSessionOptions {
    /// The options that all kinds over HTTP have.
    init(_ reader: inout MemberReader) {
        self.init()
        let milliseconds = Limits.httpTimeoutMilliseconds
        connectTimeout = reader.integer("connect_timeout_ms", milliseconds) ?? connectTimeout
        timeout = reader.integer("timeout_ms", milliseconds) ?? timeout
        let most = Int64(Limits.httpConnectionsMaximum)
        connections = reader.integer("connections", 1...most).map(Int.init) ?? connections
        caFile = reader.authorities("ca_file")
        if let url = reader.option("proxy") {
            if ["http://", "https://", "socks5://", "socks5h://"].contains(where: url.hasPrefix) {
                proxy = url
            } else {
                reader.fault("proxy", "must begin with http://, https://, socks5:// or socks5h://")
            }
        }
    }
}

extension MemberReader {
    /// A file with certificates of authorities: at the first request it would be too late to find that it has none.
    mutating func authorities(_ name: String) -> String? {
        guard let file = option(name) else { return nil }
        guard FileManager.default.isReadableFile(atPath: file) else {
            fault(name, "cannot be read: \(file)")
            return nil
        }
        guard AuthorityFile.isUsable(file) else {
            fault(name, "holds no certificate in PEM: \(file)")
            return nil
        }
        return file
    }
}
