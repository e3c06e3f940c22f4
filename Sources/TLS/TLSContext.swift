internal import COpenSSL
internal import SecretFiles
internal import Synchronization

/// Certificates, keys and rules, loaded once and shared by many connections, which keep it as long as they need it.
package final class TLSContext: Sendable {
    package enum Role: Sendable {
        case server
        case client
    }

    package let role: Role
    /// OpenSSL counts the references to it and locks what changes.
    nonisolated(unsafe) let handle: OpaquePointer
    /// The names as they go over the wire: a byte of length, then the name, for each. OpenSSL keeps a pointer to it.
    let protocols: WireProtocols
    /// The name that the server's certificate must have; for clients.
    let serverName: String
    /// The last session, to go on with at the next connection; for clients.
    let lastSession = Mutex(ResumableSession())

    /// - Throws: ``TLSError/Kind/configuration`` naming the file.
    package init(server options: TLSServerOptions) throws(TLSError) {
        role = .server
        serverName = ""
        protocols = WireProtocols(options.protocols)
        handle = try Self.make(TLS_server_method(), minimumVersion: options.minimumVersion)
        try useCertificate(options.certificate, key: options.key)
        // Tickets alone: they cost the server no memory. Their keys are this context's, so anyone who resumes was
        // checked by the very authorities and lists that hold here.
        apus_ssl_ctx_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_num_tickets(handle, 1)
        let name = Array("apus".utf8)
        SSL_CTX_set_session_id_context(handle, name, UInt32(name.count))
        try requireClients(options)
        if !options.protocols.isEmpty {
            SSL_CTX_set_alpn_select_cb(
                handle,
                { _, out, length, offered, offeredLength, own in
                    let own = Unmanaged<WireProtocols>.fromOpaque(own!).takeUnretainedValue()
                    var chosen: UnsafeMutablePointer<UInt8>?
                    guard
                        SSL_select_next_proto(
                            &chosen, length, own.bytes.baseAddress, UInt32(own.bytes.count), offered, offeredLength)
                            == OPENSSL_NPN_NEGOTIATED
                    else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                    out!.pointee = UnsafePointer(chosen)
                    return SSL_TLSEXT_ERR_OK
                }, Unmanaged.passUnretained(protocols).toOpaque())
        }
    }

    /// For connections to one server.
    ///
    /// - Parameter serverName: whom its certificate must name: a host, or an IP address as text; not empty, or OpenSSL
    ///   would not check it.
    /// - Throws: ``TLSError/Kind/configuration`` naming the file.
    package init(client options: TLSClientOptions, serverName: String) throws(TLSError) {
        role = .client
        guard !serverName.isEmpty, !serverName.utf8.contains(0) else {
            throw TLSError(.configuration, "there is no name to check the server's certificate by")
        }
        self.serverName = serverName
        protocols = WireProtocols(options.protocols)
        handle = try Self.make(TLS_client_method(), minimumVersion: options.minimumVersion)
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        if options.ca.isEmpty {
            SSL_CTX_set_default_verify_paths(handle)
        } else {
            try trust(options.ca, what: "the CA")
        }
        if !options.certificate.isEmpty || !options.key.isEmpty {
            guard !options.certificate.isEmpty, !options.key.isEmpty else {
                throw TLSError(.configuration, "a client's certificate and its key go together, and one is missing")
            }
            try useCertificate(options.certificate, key: options.key)
        }
        try refuse(options.revocationList)
        if !options.protocols.isEmpty {
            SSL_CTX_set_alpn_protos(handle, protocols.bytes.baseAddress, UInt32(protocols.bytes.count))
        }
        keepSessions()
    }

    deinit {
        SSL_CTX_free(handle)
        lastSession.withLock { $0.forget() }
    }

    private static func make(_ method: OpaquePointer?, minimumVersion: TLSVersion) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let handle = SSL_CTX_new(method) else {
            throw TLSError(.configuration, "OpenSSL cannot begin: \(ErrorQueue.take().text)")
        }
        apus_ssl_ctx_set_minimum_version(handle, minimumVersion == .v13 ? TLS1_3_VERSION : TLS1_2_VERSION)
        // Of TLS 1.2 only what has forward secrecy and is authenticated.
        SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20")
        apus_ssl_ctx_forbid_renegotiation(handle)
        apus_ssl_ctx_set_mode(
            handle,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER) | Int(SSL_MODE_RELEASE_BUFFERS))
        // An encrypted key must not make a daemon ask at a terminal.
        SSL_CTX_set_default_passwd_cb(handle, { _, _, _, _ in 0 })
        return handle
    }

    // MARK: Files

    private func useCertificate(_ certificate: String, key: String) throws(TLSError) {
        try checkReadable(certificate, what: "the certificate")
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(handle, certificate) == 1 else {
            throw unusable("the certificate", certificate, "holds no certificate in PEM form")
        }
        do throws(SecretFileError) {
            try SecretFile.check(key)
        } catch {
            throw TLSError(.configuration, "the key \(error)")
        }
        ERR_clear_error()
        guard SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM) == 1 else {
            let (reason, text) = ErrorQueue.take()
            if reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH {
                throw TLSError(.configuration, "the key \(key) is not that of the certificate \(certificate)")
            }
            throw TLSError(
                .configuration, "the key \(key) holds no private key in PEM form, not encrypted (\(text))")
        }
        guard SSL_CTX_check_private_key(handle) == 1 else {
            throw TLSError(.configuration, "the key \(key) is not that of the certificate \(certificate)")
        }
    }

    private func trust(_ path: String, what: String) throws(TLSError) {
        try checkReadable(path, what: what)
        ERR_clear_error()
        guard SSL_CTX_load_verify_locations(handle, path, nil) == 1 else {
            throw unusable(what, path, "holds no certificate in PEM form")
        }
    }

    private func requireClients(_ options: TLSServerOptions) throws(TLSError) {
        guard options.clientCertificates != .off else { return }
        guard !options.clientCA.isEmpty else {
            throw TLSError(.configuration, "client certificates need a CA to check them by")
        }
        try trust(options.clientCA, what: "the client CA")
        // Told to clients, so that they know which of theirs to show.
        SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(options.clientCA))
        let mode =
            options.clientCertificates == .required
            ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER
        SSL_CTX_set_verify(handle, mode, nil)
        try refuse(options.revocationList)
    }

    private func refuse(_ revocationList: String) throws(TLSError) {
        guard !revocationList.isEmpty else { return }
        try checkReadable(revocationList, what: "the revocation list")
        ERR_clear_error()
        let store = SSL_CTX_get_cert_store(handle)
        guard let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()),
            X509_load_crl_file(lookup, revocationList, X509_FILETYPE_PEM) > 0
        else { throw unusable("the revocation list", revocationList, "holds no list in PEM form") }
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }

    private func checkReadable(_ path: String, what: String) throws(TLSError) {
        ERR_clear_error()
        guard let file = BIO_new_file(path, "r") else {
            throw TLSError(.configuration, "\(what) \(path) cannot be read: \(ErrorQueue.take().text)")
        }
        BIO_free(file)
    }

    private func unusable(_ what: String, _ path: String, _ why: String) -> TLSError {
        TLSError(.configuration, "\(what) \(path) \(why) (\(ErrorQueue.take().text))")
    }

    // MARK: Resumption

    /// A client's sessions come by a callback: with TLS 1.3 they follow the handshake.
    private func keepSessions() {
        apus_ssl_ctx_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_set_ex_data(handle, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_CTX_sess_set_new_cb(handle) { ssl, session in
            guard let data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0), let session else { return 0 }
            let context = Unmanaged<TLSContext>.fromOpaque(data).takeUnretainedValue()
            nonisolated(unsafe) let owned = session
            context.lastSession.withLock { $0.keep(owned) }
            return 1
        }
    }
}

/// A session that the server offered for the next time.
struct ResumableSession: ~Copyable, @unchecked Sendable {
    // Sendable unchecked: it lives in a mutex alone.
    private var session: OpaquePointer?

    /// Takes the reference over.
    mutating func keep(_ session: OpaquePointer) {
        forget()
        self.session = session
    }

    /// Has the connection go on with it; if the server has forgotten it, there is a whole handshake.
    func offer(to ssl: OpaquePointer) {
        if let session { SSL_set_session(ssl, session) }
    }

    mutating func forget() {
        if let session { SSL_SESSION_free(session) }
        session = nil
    }
}

/// Names of protocols as ALPN writes them, at a place in memory that stays.
final class WireProtocols: @unchecked Sendable {
    // Sendable unchecked: never changed.
    let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ names: [String]) {
        var wire: [UInt8] = []
        for name in names {
            precondition((1...255).contains(name.utf8.count), "a protocol's name has 1 to 255 bytes")
            wire.append(UInt8(name.utf8.count))
            wire += name.utf8
        }
        bytes = .allocate(capacity: wire.count)
        _ = bytes.initialize(from: wire)
    }

    deinit { bytes.deallocate() }
}
