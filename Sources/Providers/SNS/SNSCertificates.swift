internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel

/// Certificates of Amazon's SNS by their URLs: fetched, checked, and remembered for a while.
actor SNSCertificates {
    enum Found: Sendable {
        case good(SigningCertificate)
        case bad(reason: String)
        /// It could not be fetched now.
        case unknown(reason: String)
    }

    private struct Entry {
        var certificate: SigningCertificate
        var fetchedAt: Int64
    }

    private let caFile: String?
    private let fetch: @Sendable (String) async -> HTTPResult
    private var entries: [TextKey: Entry] = [:]
    /// The fetches under way: all that need the same certificate wait for the same fetch.
    private var fetches: [TextKey: Task<Found, Never>] = [:]

    /// - Parameter fetch: GETs a URL without following redirects.
    init(caFile: String?, fetch: @escaping @Sendable (String) async -> HTTPResult) {
        self.caFile = caFile
        self.fetch = fetch
    }

    /// - Parameters:
    ///   - host: the URL's, which the rules have passed.
    ///   - now: milliseconds since the Unix epoch.
    func certificate(at url: String, host: String, now: Int64) async -> Found {
        if let entry = entries[url], (0..<Limits.snsCertificateMilliseconds).contains(now - entry.fetchedAt) {
            return entry.certificate.isValid(at: now)
                ? .good(entry.certificate) : .bad(reason: "the certificate does not hold now")
        }
        let task =
            fetches[url]
            ?? Task { [caFile, fetch] in
                await Self.fetched(url, host: host, now: now, caFile: caFile, fetch: fetch)
            }
        fetches[url] = task
        let found = await task.value
        fetches[url] = nil
        if case .good(let certificate) = found { keep(Entry(certificate: certificate, fetchedAt: now), at: url) }
        return found
    }

    private func keep(_ entry: Entry, at url: String) {
        entries[TextKey(url)] = entry
        guard entries.count > Limits.snsCertificates,
            let oldest = entries.min(by: { $0.value.fetchedAt < $1.value.fetchedAt })
        else { return }
        entries[oldest.key] = nil
    }

    private static func fetched(
        _ url: String, host: String, now: Int64, caFile: String?, fetch: @Sendable (String) async -> HTTPResult
    ) async -> Found {
        let response: HTTPResponse
        switch await fetch(url) {
        case .answered(let answer): response = answer
        case .notSent(let failure), .unknown(let failure):
            return .unknown(reason: "the certificate cannot be fetched: \(failure.reason.rawValue)")
        }
        if response.status >= 500 || response.status == 429 {
            return .unknown(reason: "the certificate cannot be fetched: HTTP \(response.status)")
        }
        guard response.status == 200, !response.isBodyCut, let certificate = SigningCertificate(pem: response.body)
        else {
            return .bad(reason: "there is no certificate at that URL")
        }
        guard certificate.isValid(at: now) else { return .bad(reason: "the certificate does not hold now") }
        // In China the name may end like the host.
        let names = ["sns.amazonaws.com"] + (host.hasSuffix(".cn") ? ["sns.amazonaws.com.cn"] : [])
        guard names.contains(where: certificate.isIssued(to:)) else {
            return .bad(reason: "the certificate was not issued to \(names[0])")
        }
        return await completed(certificate, now: now, caFile: caFile, fetch: fetch)
    }

    /// Amazon serves its certificate alone, and roots are all that a system knows: what is between the two is fetched
    /// from where the certificate says. That proves nothing by itself; the chain to the root does.
    private static func completed(
        _ certificate: SigningCertificate, now: Int64, caFile: String?, fetch: @Sendable (String) async -> HTTPResult
    ) async -> Found {
        var certificate = certificate
        for _ in 0..<3 {
            switch certificate.trust(caFile: caFile, now: now) {
            case .trusted: return .good(certificate)
            case .untrusted: return .bad(reason: "the certificate's authority is not trusted")
            case .incomplete: break
            }
            guard let url = certificate.issuerURL, SNSURL.isIssuer(url) else { break }
            guard case .answered(let response) = await fetch(url), response.status == 200, !response.isBodyCut else {
                return .unknown(reason: "the certificate of the certificate's authority cannot be fetched")
            }
            guard let longer = certificate.adding(der: response.body) else { break }
            certificate = longer
        }
        return .bad(reason: "the certificate's authority is not known")
    }
}
