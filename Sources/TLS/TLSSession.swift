internal import COpenSSL
internal import Synchronization

/// One side of a TLS connection without a socket: bytes go in and out by calls, nothing waits and nothing calls back.
///
/// What the peer sent goes in by ``feed(_:)`` and comes out decrypted by ``read(into:)``; what ``write(_:)``, and every
/// other call too, has to say to the peer is taken by ``takeOutput(into:)``, also after an error: it may be an alert.
/// Belongs to one thread at a time.
package final class TLSSession {
    package enum Read: Hashable, Sendable {
        case bytes(Int)
        /// Nothing more before more is fed.
        case needsMore
        /// The peer's close_notify: nothing follows.
        case closed
    }

    /// A record holds so much plaintext (RFC 8446, section 5.1).
    package static let recordBytes = 16 * 1024

    private let context: TLSContext
    private let ssl: OpaquePointer
    // Owned by `ssl`.
    private let input: OpaquePointer
    private let output: OpaquePointer
    private var hasFailed = false

    package init(_ context: TLSContext) {
        self.context = context
        guard let ssl = SSL_new(context.handle), let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem())
        else { preconditionFailure("no memory for a TLS session") }
        self.ssl = ssl
        self.input = input
        self.output = output
        // An empty buffer means "later", not the end.
        apus_bio_set_mem_eof_return(input, -1)
        apus_bio_set_mem_eof_return(output, -1)
        SSL_set_bio(ssl, input, output)
        switch context.role {
        case .server: SSL_set_accept_state(ssl)
        case .client: connect()
        }
    }

    deinit {
        // A connection that was cut says nothing against its session; OpenSSL would not resume it.
        if !hasFailed { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        SSL_free(ssl)
    }

    private func connect() {
        SSL_set_connect_state(ssl)
        let rules = SSL_get0_param(ssl)
        X509_VERIFY_PARAM_set_hostflags(rules, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        // An address is compared with the certificate's addresses, anything else with its names.
        let name = context.serverName
        if X509_VERIFY_PARAM_set1_ip_asc(rules, name) != 1 {
            ERR_clear_error()
            let isSet = X509_VERIFY_PARAM_set1_host(rules, name, name.utf8.count) == 1
            precondition(isSet, "no memory for a name")
            apus_ssl_set_server_name(ssl, name)
        }
        nonisolated(unsafe) let ssl = ssl
        context.lastSession.withLock { $0.offer(to: ssl) }
    }

    // MARK: Handshake

    /// Goes on with the handshake as far as what was fed allows.
    ///
    /// - Returns: whether it is done.
    package func handshake() throws(TLSError) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else {
            guard try read(SSL_get_error(ssl, result)) == .needsMore else {
                throw TLSError(.truncated, "the peer closed the connection before the TLS handshake was done")
            }
            return false
        }
        guard context.role == .server || isNamedAmongAlternatives else {
            throw TLSError(
                .untrusted, "the server's certificate is not accepted: hostname mismatch in its alternative names")
        }
        if context.role == .client, context.protocols.bytes.count > 0, selectedProtocol.isEmpty {
            throw TLSError(.violation, "the server speaks TLS, but not the protocol that was asked for (ALPN)")
        }
        return true
    }

    /// OpenSSL falls back to the common name where a certificate has alternative names, but none of DNS: with any of them
    /// it counts for nothing (RFC 6125, section 6.4.4).
    private var isNamedAmongAlternatives: Bool {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return true }
        defer { X509_free(certificate) }
        guard X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0 else { return true }
        let name = context.serverName
        if X509_check_ip_asc(certificate, name, 0) == 1 { return true }
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS) | UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        return X509_check_host(certificate, name, name.utf8.count, flags, nil) == 1
    }

    /// Whether the handshake went on with an earlier session.
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// Such as `TLSv1.3`.
    package var version: String { String(cString: SSL_get_version(ssl)) }

    /// The protocol that ALPN chose; "" = none.
    package var selectedProtocol: String {
        var start: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &start, &length)
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
    }

    /// What the peer showed, if it was found good; nil = none. Only after the handshake.
    package var peerCertificate: CertificateSummary? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        return SSL_get_verify_result(ssl) == X509_V_OK ? CertificateSummary(certificate) : nil
    }

    // MARK: Bytes

    /// Takes what came from the peer; it is copied.
    package func feed(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        let count = BIO_write(input, bytes.baseAddress, Int32(bytes.count))
        precondition(Int(count) == bytes.count, "no memory for what was read")
    }

    /// Decrypts up to one record. Only after the handshake.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> Read {
        // Most reads end here, which is cheaper than having OpenSSL fail.
        if BIO_ctrl_pending(input) == 0, SSL_pending(ssl) == 0 {
            return SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 ? .closed : .needsMore
        }
        ERR_clear_error()
        let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .bytes(Int(count)) : try read(SSL_get_error(ssl, count))
    }

    /// Encrypts up to ``recordBytes``. Only after the handshake, and before ``closeNotify()``.
    ///
    /// - Returns: how many bytes were taken.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) -> Int {
        guard !bytes.isEmpty else { return 0 }
        ERR_clear_error()
        let count = SSL_write(ssl, bytes.baseAddress, Int32(min(bytes.count, Self.recordBytes)))
        guard count > 0 else {
            _ = try read(SSL_get_error(ssl, count))
            throw TLSError(.violation, "TLS takes no more bytes")
        }
        return Int(count)
    }

    /// Tells the peer that nothing follows. Only after the handshake.
    package func closeNotify() {
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Bytes that are to be sent to the peer.
    package var outputBytes: Int { Int(BIO_ctrl_pending(output)) }

    /// - Returns: how many bytes were put into the buffer.
    package func takeOutput(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = BIO_read(output, buffer.baseAddress, Int32(clamping: buffer.count))
        return max(0, Int(count))
    }

    // MARK: Errors

    /// What a call that did nothing means.
    private func read(_ code: Int32) throws(TLSError) -> Read {
        switch code {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw failure()
        }
    }

    private var peer: String { context.role == .client ? "server" : "client" }

    private func failure() -> TLSError {
        hasFailed = true
        let (reason, text) = ErrorQueue.take()
        if reason == SSL_R_CERTIFICATE_VERIFY_FAILED {
            let result = SSL_get_verify_result(ssl)
            let why = String(cString: X509_verify_cert_error_string(result))
            let isUnknown = [
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            ].contains(Int32(result))
            let advice = isUnknown ? "; the one who signed it is not among the authorities that are trusted here" : ""
            return TLSError(.untrusted, "the \(peer)'s certificate is not accepted: \(why)\(advice)")
        }
        // Alerts of the peer are reasons from here on.
        if let alert = UInt8(exactly: reason - SSL_AD_REASON_OFFSET) {
            // The error's own text has alerts that the list of alerts lacks.
            let name = text.split(separator: "alert ").last.map(String.init) ?? text
            return TLSError(.alert(alert), "the \(peer) refused TLS: \(name)")
        }
        return TLSError(.violation, "TLS failed: \(text)")
    }
}
