/// Answers to peers that speak something else, in their own protocol, so that they show a clear error.
enum ForeignProtocol {
    static func httpAnswer(_ message: String) -> [UInt8] {
        let head =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
            + "Content-Length: \(message.utf8.count + 1)\r\nConnection: close\r\n\r\n"
        return Array((head + message + "\n").utf8)
    }

    /// A fatal handshake_failure (RFC 8446, section 6).
    static let tlsAlert: [UInt8] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28]
}
