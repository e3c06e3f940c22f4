internal import COpenSSL
internal import Glibc

/// A certificate authority of one's own, for trying TLS out and for a few machines: files in one directory, ECDSA on
/// P-256. It keeps no list of what it signed and revokes nothing.
package struct PrivateAuthority {
    /// The files in the authority's directory.
    package enum File {
        package static let ca = "ca.pem"
        package static let caKey = "ca.key"
        package static let server = "server.pem"
        package static let serverKey = "server.key"
    }

    package enum Usage: String, Sendable {
        case server = "serverAuth"
        case client = "clientAuth"
    }

    /// So long the authority's own certificate holds, and those that it signs.
    package static let authorityDays = 3650
    package static let certificateDays = 397

    private let directory: String
    private let certificate: Certificate
    private let key: Key

    /// Reads the authority of the directory, or makes one where there is none; the directory too, for its owner alone.
    ///
    /// - Throws: ``TLSError/Kind/configuration`` naming what can't be read or written.
    package init(directory: String) throws(TLSError) {
        self.directory = directory
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw TLSError(.configuration, "\(directory) cannot be made: \(String(cString: strerror(errno)))")
        }
        let certificatePath = "\(directory)/\(File.ca)"
        let keyPath = "\(directory)/\(File.caKey)"
        if access(certificatePath, F_OK) == 0 {
            certificate = try Certificate(reading: certificatePath)
            key = try Key(reading: keyPath)
            guard X509_check_private_key(certificate.handle, key.handle) == 1 else {
                throw TLSError(.configuration, "the key \(keyPath) is not that of the certificate \(certificatePath)")
            }
            return
        }
        key = try Key()
        certificate = try Certificate(
            commonName: "Apus private CA", days: Self.authorityDays, key: key, signedBy: nil,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        try key.write(to: keyPath)
        try certificate.write(to: certificatePath)
    }

    /// Makes a key and signs a certificate for it: NAME.pem and NAME.key in the directory, in place of those there.
    ///
    /// - Parameters:
    ///   - name: of the files, and the certificate's common name; of letters, digits, `.`, `-` and `_`.
    ///   - hosts: names and IP addresses that it holds for.
    /// - Throws: ``TLSError/Kind/configuration`` naming what is wrong.
    package func issue(_ name: String, usage: Usage, hosts: [String]) throws(TLSError) {
        // A name goes into a path, and has X.509's bound; hosts go into a list that OpenSSL reads.
        try Self.check(name, punctuation: "-_.", longest: 64)
        for host in hosts { try Self.check(host, punctuation: "-_.:*", longest: 253) }
        let key = try Key()
        let names = hosts.map { (Self.isAddress($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",")
        let certificate = try Certificate(
            commonName: name, days: Self.certificateDays, key: key, signedBy: (self.certificate, self.key),
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, usage.rawValue), (NID_subject_alt_name, names),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid"),
            ])
        try key.write(to: "\(directory)/\(name).key")
        try certificate.write(to: "\(directory)/\(name).pem")
    }

    private static func check(_ text: String, punctuation: String, longest: Int) throws(TLSError) {
        let isPlain = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || punctuation.utf8.contains($0)
        }
        guard isPlain, (1...longest).contains(text.utf8.count), text.utf8.first != UInt8(ascii: ".") else {
            throw TLSError(.configuration, "\"\(text)\" is no name for a certificate")
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        var space = in6_addr()
        return inet_pton(AF_INET, host, &space) == 1 || inet_pton(AF_INET6, host, &space) == 1
    }
}

/// An X509 of OpenSSL's.
private final class Certificate {
    let handle: OpaquePointer

    init(reading path: String) throws(TLSError) {
        ERR_clear_error()
        guard let file = BIO_new_file(path, "r") else {
            throw TLSError(.configuration, "\(path) cannot be read: \(ErrorQueue.take().text)")
        }
        defer { BIO_free(file) }
        guard let handle = PEM_read_bio_X509(file, nil, nil, nil) else {
            throw TLSError(.configuration, "\(path) holds no certificate in PEM form (\(ErrorQueue.take().text))")
        }
        self.handle = handle
    }

    /// - Parameter signedBy: nil = by itself.
    init(
        commonName: String, days: Int, key: Key, signedBy issuer: (certificate: Certificate, key: Key)?,
        extensions: [(Int32, String)]
    ) throws(TLSError) {
        ERR_clear_error()
        guard let handle = X509_new() else { throw Self.unmade }
        self.handle = handle
        var serial = [UInt8](repeating: 0, count: 16)
        RAND_bytes(&serial, 16)
        // Positive, and of 16 bytes.
        serial[0] = serial[0] & 0x7F | 0x40
        let number = BN_bin2bn(serial, 16, nil)
        defer { BN_free(number) }
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(handle))
        let name = X509_get_subject_name(handle)
        let bytes = Array(commonName.utf8)
        // A minute ago: clocks differ.
        guard X509_set_version(handle, 2) == 1, X509_gmtime_adj(X509_getm_notBefore(handle), -60) != nil,
            X509_time_adj_ex(X509_getm_notAfter(handle), Int32(days), 0, nil) != nil,
            X509_set_pubkey(handle, key.handle) == 1,
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0) == 1,
            X509_set_issuer_name(handle, issuer.map { X509_get_subject_name($0.certificate.handle) } ?? name) == 1
        else { throw Self.unmade }
        for (kind, value) in extensions where !value.isEmpty {
            guard apus_x509_add_extension(handle, issuer?.certificate.handle ?? handle, kind, value) == 1 else {
                throw Self.unmade
            }
        }
        guard X509_sign(handle, (issuer?.key ?? key).handle, EVP_sha256()) > 0 else { throw Self.unmade }
    }

    deinit { X509_free(handle) }

    func write(to path: String) throws(TLSError) {
        try writeFile(path, mode: 0o644) { PEM_write_bio_X509($0, handle) }
    }

    private static var unmade: TLSError {
        TLSError(.configuration, "OpenSSL cannot make the certificate: \(ErrorQueue.take().text)")
    }
}

/// An EVP_PKEY of OpenSSL's.
private final class Key {
    let handle: OpaquePointer

    init() throws(TLSError) {
        ERR_clear_error()
        guard let handle = apus_make_ec_key() else {
            throw TLSError(.configuration, "OpenSSL cannot make a key: \(ErrorQueue.take().text)")
        }
        self.handle = handle
    }

    init(reading path: String) throws(TLSError) {
        ERR_clear_error()
        guard let file = BIO_new_file(path, "r") else {
            throw TLSError(.configuration, "\(path) cannot be read: \(ErrorQueue.take().text)")
        }
        defer { BIO_free(file) }
        guard let handle = PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in 0 }, nil) else {
            throw TLSError(.configuration, "\(path) holds no private key in PEM form (\(ErrorQueue.take().text))")
        }
        self.handle = handle
    }

    deinit { EVP_PKEY_free(handle) }

    func write(to path: String) throws(TLSError) {
        try writeFile(path, mode: 0o600) { PEM_write_bio_PrivateKey($0, handle, nil, nil, 0, nil, nil) }
    }
}

/// Puts a whole file in the place of what is there.
private func writeFile(_ path: String, mode: mode_t, _ write: (OpaquePointer) -> Int32) throws(TLSError) {
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0, let file = BIO_new_fd(descriptor, BIO_CLOSE) else {
        throw TLSError(.configuration, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
    let isWritten = write(file) == 1
    BIO_free(file)
    guard isWritten, rename(temporary, path) == 0 else {
        unlink(temporary)
        throw TLSError(.configuration, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
