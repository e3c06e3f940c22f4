internal import COpenSSL

/// What a certificate says of its holder, and how long it holds.
package struct CertificateSummary: Hashable, Sendable {
    /// The holder as RFC 2253 writes it, such as `CN=billing,O=Example`.
    package let subject: String
    /// The alternative names, of DNS, URI, mail and IP; where it has no such extension, the subject's common name.
    package let names: [String]
    /// In seconds since the Unix epoch.
    package let notBefore: Int64
    /// In seconds since the Unix epoch.
    package let notAfter: Int64

    package init(subject: String, names: [String], notBefore: Int64 = 0, notAfter: Int64 = .max) {
        self.subject = subject
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// - Parameter certificate: an X509, borrowed for the call.
    init(_ certificate: OpaquePointer) {
        let alternatives = Self.alternativeNames(certificate)
        self.init(
            subject: Self.subject(certificate),
            names: alternatives ?? Self.commonName(certificate).map { [$0] } ?? [],
            notBefore: Self.seconds(X509_get0_notBefore(certificate)),
            notAfter: Self.seconds(X509_get0_notAfter(certificate)))
    }

    private static func subject(_ certificate: OpaquePointer) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, apus_rfc2253)
        var bytes = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(memory)))
        BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func commonName(_ certificate: OpaquePointer) -> String? {
        let name = X509_get_subject_name(certificate)
        let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index) else { return nil }
        return text(X509_NAME_ENTRY_get_data(entry))
    }

    /// - Returns: nil if it has no such extension. One that holds no name of these kinds, or can't be read, leaves it
    ///   without names: the common name stands for nothing then (RFC 6125, section 6.4.4).
    private static func alternativeNames(_ certificate: OpaquePointer) -> [String]? {
        guard X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0 else { return nil }
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        return (0..<apus_general_name_count(names)).compactMap { index in
            var type: Int32 = 0
            guard let value = apus_general_name(names, index, &type) else { return nil }
            return type == GEN_IPADD ? address(bytes(value)) : text(value)
        }
    }

    private static func bytes(_ string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    }

    /// nil for a text that holds a NUL: it would read differently elsewhere.
    private static func text(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        guard let string else { return nil }
        let bytes = bytes(string)
        return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        switch bytes.count {
        case 4: bytes.map(String.init).joined(separator: ".")
        case 16:
            stride(from: 0, to: 16, by: 2)
                .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
        default: nil
        }
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var days: Int32 = 0
        var seconds: Int32 = 0
        let epoch = ASN1_TIME_set(nil, 0)
        defer { ASN1_TIME_free(epoch) }
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return 0 }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}

extension TLSContext {
    /// This side's own certificate; nil if it has none.
    package var certificate: CertificateSummary? {
        SSL_CTX_get0_certificate(handle).map { CertificateSummary($0) }
    }
}

extension CertificateSummary {
    /// When each list of a file is to be replaced by a newer one, in seconds since the Unix epoch; from then on nobody
    /// is accepted by it.
    package static func revocationListEnds(_ path: String) -> [Int64] {
        guard let file = BIO_new_file(path, "r") else { return [] }
        defer { BIO_free(file) }
        var ends: [Int64] = []
        while let list = PEM_read_bio_X509_CRL(file, nil, nil, nil) {
            if let end = X509_CRL_get0_nextUpdate(list) { ends.append(seconds(end)) }
            X509_CRL_free(list)
        }
        ERR_clear_error()
        return ends
    }
}
