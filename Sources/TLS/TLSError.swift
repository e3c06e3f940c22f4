internal import COpenSSL

/// Why a TLS connection, or what it needs, does not work.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// A file can't be used as it should be.
        case configuration
        /// The peer's certificate failed the check made here.
        case untrusted
        /// The peer ended the connection with an alert of this number (RFC 8446, section 6).
        case alert(UInt8)
        /// The peer broke the protocol, or doesn't speak it.
        case violation
        /// The connection ended without a close_notify: what was read may not be all.
        case truncated
        case timedOut
        /// More was to be sent before the handshake's end than is kept.
        case overflow
    }

    package var kind: Kind
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Trying again will not help: a certificate, here or there, is not accepted, or a file is wrong.
    package var isFinal: Bool {
        switch kind {
        case .configuration, .untrusted: true
        // bad_certificate to unknown_ca and access_denied, unrecognized_name, certificate_required,
        // no_application_protocol.
        case .alert(let number): (42...49).contains(number) || [112, 116, 120].contains(number)
        case .violation, .truncated, .timedOut, .overflow: false
        }
    }
}

/// OpenSSL's queue of errors, which belongs to the thread.
enum ErrorQueue {
    /// What the first entry says; the queue is empty then.
    static func take() -> (reason: Int32, text: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return (0, "no reason given") }
        guard let text = ERR_reason_error_string(code) else {
            var buffer = [CChar](repeating: 0, count: 256)
            ERR_error_string_n(code, &buffer, buffer.count)
            let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
            return (reason(code), String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return (reason(code), String(cString: text))
    }

    /// An error of the operating system is kept as its number.
    private static func reason(_ code: UInt) -> Int32 { Int32(truncatingIfNeeded: code & 0x7F_FFFF) }
}
