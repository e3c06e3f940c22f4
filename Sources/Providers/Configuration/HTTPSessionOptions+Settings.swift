internal import ConfigurationModel
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
        if let file = reader.option("ca_file") {
            if FileManager.default.isReadableFile(atPath: file) {
                caFile = file
            } else {
                reader.fault("ca_file", "cannot be read: \(file)")
            }
        }
        if let url = reader.option("proxy") {
            if ["http://", "https://", "socks5://", "socks5h://"].contains(where: url.hasPrefix) {
                proxy = url
            } else {
                reader.fault("proxy", "must begin with http://, https://, socks5:// or socks5h://")
            }
        }
    }
}
