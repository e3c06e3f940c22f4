internal import Foundation
internal import RPCTransport
internal import TLS
internal import WebGateway

extension DaemonConfiguration {
    /// The private CA of `apusd dev`.
    var developmentAuthority: String { data + "/tls" }

    /// Where `apusd dev` is to serve TLS and no certificate is configured: a private CA in the data directory, the same
    /// at every start, and a new certificate signed by it.
    mutating func makeDevelopmentCertificates() throws {
        let hosts =
            try addresses().compactMap { address in
                if case .tls(let host, _) = address { host } else { nil }
            } + webAddresses().filter(\.isOfTLS).map(\.host)
        guard !hosts.isEmpty, tls.options.certificate.isEmpty else { return }
        let local = Apusd.Certificates.localHosts
        let names = local + Set(hosts + [ProcessInfo.processInfo.hostName]).subtracting(local).sorted()
        do throws(TLSError) {
            try? FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let authority = try PrivateAuthority(directory: developmentAuthority)
            try authority.issue("server", usage: .server, hosts: names)
        } catch {
            throw DaemonError(text: error.description, exitCode: 1)
        }
        tls.options.certificate = "\(developmentAuthority)/\(PrivateAuthority.File.server)"
        tls.options.key = "\(developmentAuthority)/\(PrivateAuthority.File.serverKey)"
    }

    /// The CA of the certificate that ``makeDevelopmentCertificates()`` made; nil if it made none.
    var developmentCA: String? {
        guard tls.options.certificate.hasPrefix(developmentAuthority + "/") else { return nil }
        return "\(developmentAuthority)/\(PrivateAuthority.File.ca)"
    }
}
