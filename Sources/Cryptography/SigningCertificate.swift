internal import COpenSSL
internal import SMSModel

/// A certificate (X.509, RFC 5280) that messages are signed with, and those that came along with it.
///
/// Sendable unchecked: never changed once made; OpenSSL counts the references.
package final class SigningCertificate: @unchecked Sendable {
    private let leaf: OpaquePointer
    private let others: [OpaquePointer]
    /// The key that its signatures are verified with: RSA.
    package let key: PublicKey
    /// Seconds since the Unix epoch.
    private let validity: ClosedRange<Int64>

    /// - Parameter pem: the certificate, then perhaps those between it and the root.
    /// - Returns: nil if there is none, or it has no RSA key of ``Limits/issuerKeyMinimumBits`` or more, or the text is
    ///   longer than ``Limits/signingCertificateBytes``.
    package convenience init?(pem: [UInt8]) {
        guard pem.count <= Limits.signingCertificateBytes, let memory = BIO_new_mem_buf(pem, Int32(pem.count)) else {
            return nil
        }
        defer { BIO_free(memory) }
        var certificates: [OpaquePointer] = []
        while certificates.count < 8, let next = PEM_read_bio_X509(memory, nil, nil, nil) { certificates.append(next) }
        // The end of a text is an error to OpenSSL.
        ERR_clear_error()
        self.init(owning: certificates)
    }

    /// This certificate with a further authority's, in DER.
    ///
    /// - Returns: nil if that is none.
    package func adding(der: [UInt8]) -> SigningCertificate? {
        guard der.count <= Limits.signingCertificateBytes else { return nil }
        let issuer = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_X509(nil, &start, bytes.count)
        }
        guard let issuer else {
            ERR_clear_error()
            return nil
        }
        for certificate in [leaf] + others { X509_up_ref(certificate) }
        return SigningCertificate(owning: [leaf] + others + [issuer])
    }

    private init?(owning certificates: [OpaquePointer]) {
        guard let leaf = certificates.first, let key = X509_get_pubkey(leaf).flatMap(PublicKey.init(owning:)), key.isRSA
        else {
            for certificate in certificates { X509_free(certificate) }
            return nil
        }
        self.leaf = leaf
        self.key = key
        others = Array(certificates.dropFirst())
        let from = Self.seconds(X509_get0_notBefore(leaf))
        validity = from...max(from, Self.seconds(X509_get0_notAfter(leaf)))
    }

    deinit {
        for certificate in [leaf] + others { X509_free(certificate) }
    }

    /// Whether it is within its period of validity.
    ///
    /// - Parameter now: milliseconds since the Unix epoch.
    package func isValid(at now: Int64) -> Bool { validity.contains(now / 1000) }

    /// Whether it was issued to this host, named as it is: a wildcard does not count, nor does the common name where there
    /// are alternative names of any kind (RFC 6125, section 6.4.4).
    package func isIssued(to host: String) -> Bool {
        var flags = UInt32(X509_CHECK_FLAG_NO_WILDCARDS)
        if X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0 {
            flags |= UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        }
        return X509_check_host(leaf, host, host.utf8.count, flags, nil) == 1
    }

    /// The URL of the certificate of the last one's issuer, as that says (RFC 5280, 4.2.2.1).
    package var issuerURL: String? {
        guard let raw = X509_get_ext_d2i(others.last ?? leaf, NID_info_access, nil, nil) else { return nil }
        let access = OpaquePointer(raw)
        defer { AUTHORITY_INFO_ACCESS_free(access) }
        for index in 0..<apus_access_count(access) {
            guard let text = apus_ca_issuer(access, index) else { continue }
            let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            return String(validating: bytes, as: UTF8.self)
        }
        return nil
    }

    package enum Trust: Hashable {
        case trusted
        /// An authority's certificate is missing between it and the roots.
        case incomplete
        case untrusted
    }

    /// Whether a chain leads from it to an authority that is trusted, at this time.
    ///
    /// - Parameter caFile: PEM: those who are trusted, a root or an authority below one; nil = whom the system trusts.
    package func trust(caFile: String?, now: Int64) -> Trust {
        guard let store = X509_STORE_new(), let chain = apus_x509_stack_new(), let context = X509_STORE_CTX_new()
        else { return .untrusted }
        defer {
            X509_STORE_CTX_free(context)
            apus_x509_stack_free(chain)
            X509_STORE_free(store)
            ERR_clear_error()
        }
        if let caFile {
            guard X509_STORE_load_locations(store, caFile, nil) == 1 else { return .untrusted }
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        } else {
            guard X509_STORE_set_default_paths(store) == 1 else { return .untrusted }
        }
        for certificate in others { _ = apus_x509_stack_push(chain, certificate) }
        guard X509_STORE_CTX_init(context, store, leaf, chain) == 1 else { return .untrusted }
        X509_STORE_CTX_set_time(context, 0, time_t(now / 1000))
        if X509_verify_cert(context) == 1 { return .trusted }
        switch X509_STORE_CTX_get_error(context) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return .incomplete
        default: return .untrusted
        }
    }

    /// Since the Unix epoch.
    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var days: Int32 = 0
        var seconds: Int32 = 0
        let epoch = ASN1_TIME_set(nil, 0)
        defer { ASN1_TIME_free(epoch) }
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return 0 }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}
