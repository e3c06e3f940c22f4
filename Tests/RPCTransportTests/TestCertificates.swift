internal import Foundation
internal import RPCTransport
internal import TLS

/// A private CA for the tests of this module, made once in a run.
enum TestCertificates {
    private static let directory: String = {
        let directory = FileManager.default.temporaryDirectory.path + "/apus-rpc-\(UInt64.random(in: 0 ... .max))"
        do {
            let authority = try PrivateAuthority(directory: directory)
            try authority.issue("server", usage: .server, hosts: ["127.0.0.1"])
            try authority.issue("elsewhere", usage: .server, hosts: ["other.example"])
            try authority.issue("billing", usage: .client, hosts: ["billing.internal"])
        } catch {
            preconditionFailure("no certificates: \(error)")
        }
        atexit { try? FileManager.default.removeItem(atPath: TestCertificates.directory) }
        return directory
    }()

    static func credentials(
        _ name: String = "server", clients: ClientCertificates = .off
    ) throws -> TLSServerCredentials {
        var options = TLSServerOptions(protocols: [RPCServer.tlsProtocol])
        options.certificate = "\(directory)/\(name).pem"
        options.key = "\(directory)/\(name).key"
        options.clientCertificates = clients
        options.clientCA = "\(directory)/ca.pem"
        return try TLSServerCredentials(options)
    }

    /// - Parameter name: of the client's own certificate; nil = none.
    static func client(_ name: String? = nil) throws -> TLSContext {
        var options = TLSClientOptions(protocols: [RPCServer.tlsProtocol])
        options.ca = "\(directory)/ca.pem"
        if let name {
            options.certificate = "\(directory)/\(name).pem"
            options.key = "\(directory)/\(name).key"
        }
        return try TLSContext(client: options, serverName: "127.0.0.1")
    }
}
