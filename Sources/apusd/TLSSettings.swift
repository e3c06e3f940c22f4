internal import Foundation
internal import RPCTransport
internal import TLS

/// The settings of TLS, and what is wrong with what they name.
struct TLSSettings {
    var options = TLSServerOptions(protocols: [RPCServer.tlsProtocol])
    /// Names of clients' certificates that stand for the tenant, without a key.
    var tenantCertificates: [String] = []
    /// How often files are looked at for changes; 0 = only at SIGHUP.
    var watchSeconds = 10

    static let expiryWarningDays = 30

    /// What keeps it from serving.
    func problems(isUsed: Bool) -> [String] {
        var problems: [String] = []
        if isUsed, options.certificate.isEmpty {
            problems.append("a tls: or https: address needs tls.certificate and tls.key")
        }
        if options.certificate.isEmpty != options.key.isEmpty {
            problems.append("tls.certificate and tls.key go together, and one is missing")
        }
        if options.clientCertificates == .off {
            let useless = [
                ("tls.client-ca", !options.clientCA.isEmpty), ("tls.revocation-list", !options.revocationList.isEmpty),
                ("tls.tenant-certificates", !tenantCertificates.isEmpty),
            ]
            for (key, isSet) in useless where isSet {
                problems.append("\(key) does nothing while tls.client-certificates is off")
            }
        } else if options.clientCA.isEmpty {
            problems.append("tls.client-certificates needs tls.client-ca")
        }
        guard problems.isEmpty, !options.certificate.isEmpty else { return problems }
        do throws(TLSError) {
            _ = try TLSContext(server: options)
        } catch {
            problems.append("tls: \(error.description)")
        }
        return problems
    }

    /// What clients will not accept, and what they soon won't. Only where there are no ``problems(isUsed:)``.
    func expiries(now: Date) -> (over: [String], soon: [String]) {
        guard !options.certificate.isEmpty, let context = try? TLSContext(server: options),
            let certificate = context.certificate
        else { return ([], []) }
        var over: [String] = []
        var soon: [String] = []
        let seconds = Int64(now.timeIntervalSince1970)
        if certificate.notBefore > seconds {
            over.append("tls.certificate does not hold before \(Self.day(certificate.notBefore))")
        }
        let lists = CertificateSummary.revocationListEnds(options.revocationList)
        let ends = [("tls.certificate", certificate.notAfter)] + lists.map { ("tls.revocation-list", $0) }
        for (key, end) in ends {
            if end <= seconds {
                over.append("\(key) held until \(Self.day(end))")
            } else if end - seconds < Int64(Self.expiryWarningDays) * 86_400 {
                soon.append("\(key) holds until \(Self.day(end)), \((end - seconds) / 86_400) more days")
            }
        }
        return (over, soon)
    }

    private static func day(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601.year().month().day())
    }

    static let settings: [Setting] = [
        .text("tls.certificate", \.tls.options.certificate),
        .text("tls.key", \.tls.options.key),
        .choice("tls.minimum-version", \.tls.options.minimumVersion),
        .choice("tls.client-certificates", \.tls.options.clientCertificates),
        .text("tls.client-ca", \.tls.options.clientCA),
        .text("tls.revocation-list", \.tls.options.revocationList),
        .list("tls.tenant-certificates", \.tls.tenantCertificates),
        .integer("tls.watch-seconds", 0...86_400, \.tls.watchSeconds),
    ]
}
