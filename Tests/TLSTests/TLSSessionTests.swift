import Foundation
import TLS
import Testing

/// Handshakes and bytes, without a socket.
@Suite(.timeLimit(.minutes(1))) struct TLSSessionTests {
    init() async throws { try await Certificates.make() }

    @Test(arguments: [("server", "leaf.key"), ("server-rsa", "rsa.key"), ("chain", "leaf.key")], [1, 7, Int.max])
    func bytesGoBothWays(_ certificate: (name: String, key: String), piece: Int) throws {
        let pair = SessionPair(
            client: try Certificates.client(), server: try Certificates.server(certificate.name, key: certificate.key))
        let outcome = pair.handshake(piece: piece)
        #expect(outcome.isDone, "\(outcome)")
        #expect(pair.client.version == "TLSv1.3" && pair.server.version == "TLSv1.3")
        #expect(pair.client.selectedProtocol == "apus/1" && pair.server.selectedProtocol == "apus/1")
        #expect(pair.server.peerCertificate == nil)
        #expect(pair.client.peerCertificate?.names == ["localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"])

        #expect(try pair.client.write(Array("to the server".utf8)) == 13)
        for part in pair.client.output().pieces(of: piece) { pair.server.feed(part) }
        #expect(try pair.server.readAll().bytes == Array("to the server".utf8))
        #expect(try pair.server.write(Array("to the client".utf8)) == 13)
        for part in pair.server.output().pieces(of: piece) { pair.client.feed(part) }
        #expect(try pair.client.readAll().bytes == Array("to the client".utf8))
    }

    @Test func aWriteTakesOneRecord() throws {
        let pair = SessionPair(client: try Certificates.client(), server: try Certificates.server())
        #expect(pair.handshake().isDone)
        let large = [UInt8](repeating: 7, count: TLSSession.recordBytes + 1)
        #expect(try pair.client.write(large) == TLSSession.recordBytes)
        #expect(try pair.client.write([]) == 0)
        pair.server.feed(pair.client.output())
        #expect(try pair.server.readAll().bytes == Array(large.dropLast()))
    }

    @Test func aCloseNotifyIsTheEnd() throws {
        let pair = SessionPair(client: try Certificates.client(), server: try Certificates.server())
        #expect(pair.handshake().isDone)
        _ = try pair.client.write([1, 2])
        pair.client.closeNotify()
        pair.server.feed(pair.client.output())
        let (bytes, isClosed) = try pair.server.readAll()
        #expect(bytes == [1, 2] && isClosed)
        #expect(try pair.server.readAll().isClosed)
    }

    @Test func changedBytesAreNoticed() throws {
        let pair = SessionPair(client: try Certificates.client(), server: try Certificates.server())
        #expect(pair.handshake().isDone)
        _ = try pair.client.write([1, 2, 3])
        var record = pair.client.output()
        record[record.count - 1] ^= 1
        pair.server.feed(record)
        let error = #expect(throws: TLSError.self) { try pair.server.readAll() }
        #expect(error?.kind == .violation)
        // The peer is told by an alert.
        pair.client.feed(pair.server.output())
        #expect(throws: TLSError.self) { try pair.client.readAll() }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\0\0\0\u{0A}\u{01}\0\0\0", "\u{16}\u{03}\u{01}\0\u{05}abcde"])
    func whatIsNoTLSIsRefused(_ text: String) throws {
        let session = TLSSession(try Certificates.server())
        session.feed(Array(text.utf8))
        let error = #expect(throws: TLSError.self) { try session.handshake() }
        #expect(error?.kind == .violation)
    }

    // MARK: The server's certificate

    @Test(arguments: [
        ("expired", "expired"), ("early", "not yet valid"), ("wrong-host", "ostname mismatch"),
        ("self-signed", "self-signed"), ("stranger", "issuer"), ("revoked", "revoked"),
    ])
    func aBadCertificateEndsTheHandshake(_ name: String, _ why: String) throws {
        let client = try Certificates.client { $0.revocationList = Certificates.path("crl.pem") }
        let outcome = SessionPair(client: client, server: try Certificates.server(name)).handshake()
        guard case .failure(let error) = outcome.client else {
            Issue.record("\(name) was accepted")
            return
        }
        #expect(error.kind == .untrusted && error.isFinal)
        #expect(error.description.contains(why), "\(error)")
        // The server learns it by an alert.
        guard case .failure(let told) = outcome.server, case .alert = told.kind else {
            Issue.record("the server was not told: \(outcome.server)")
            return
        }
    }

    @Test func theNameIsChecked() throws {
        let server = try Certificates.server()
        for (name, isGood) in [
            ("localhost", true), ("127.0.0.1", true), ("::1", true), ("127.0.0.2", false), ("local", false),
            ("localhost.example", false), ("other.example", false),
        ] {
            let pair = SessionPair(client: try Certificates.client(serverName: name), server: server)
            #expect(pair.handshake().isDone == isGood, "\(name)")
        }
        // OpenSSL would take an empty name for "any".
        #expect(throws: TLSError.self) { try Certificates.client(serverName: "") }
        #expect(throws: TLSError.self) { try Certificates.client(serverName: "localhost\0.example") }
    }

    @Test func aListThatEndedAcceptsNobody() throws {
        let server = try Certificates.server()
        for (list, isGood) in [("crl.pem", true), ("crl-empty.pem", true), ("crl-old.pem", false)] {
            let client = try Certificates.client { $0.revocationList = Certificates.path(list) }
            #expect(SessionPair(client: client, server: server).handshake().isDone == isGood, "\(list)")
        }
    }

    @Test func theServerMustSpeakTheProtocol() throws {
        let other = try Certificates.server { $0.protocols = ["http/1.1"] }
        let outcome = SessionPair(client: try Certificates.client(), server: other).handshake()
        #expect(throws: TLSError.self) { try outcome.server.get() }
        guard case .failure(let error) = outcome.client else {
            Issue.record("another protocol was accepted")
            return
        }
        #expect(error.kind == .alert(120) && error.isFinal)
        // One that chooses none is none of ours either; a client that names none is served.
        let silent = try Certificates.server { $0.protocols = [] }
        #expect(throws: TLSError.self) {
            try SessionPair(client: try Certificates.client(), server: silent).handshake().client.get()
        }
        let plain = try Certificates.client { $0.protocols = [] }
        #expect(SessionPair(client: plain, server: try Certificates.server()).handshake().isDone)
    }

    // MARK: Clients' certificates

    private func mutual(_ certificates: ClientCertificates) throws -> TLSContext {
        try Certificates.server {
            $0.clientCertificates = certificates
            $0.clientCA = Certificates.path("ca.pem")
            $0.revocationList = Certificates.path("crl.pem")
        }
    }

    @Test(arguments: [ClientCertificates.optional, .required])
    func aGoodClientIsKnown(_ certificates: ClientCertificates) throws {
        let pair = SessionPair(client: try Certificates.client("client"), server: try mutual(certificates))
        #expect(pair.handshake().isDone)
        let peer = try #require(pair.server.peerCertificate)
        #expect(peer.subject == "CN=billing")
        #expect(peer.names == ["billing.internal", "spiffe://example/billing", "billing@example.org", "10.0.0.7"])
    }

    /// The common name stands for nothing where there are alternative names, of whatever kind.
    @Test func theCommonNameIsNoNameBesideOthers() throws {
        let client = SessionPair(
            client: try Certificates.client("client-unnamed"), server: try mutual(.required))
        #expect(client.handshake().isDone)
        let peer = try #require(client.server.peerCertificate)
        #expect(peer.subject == "CN=billing.internal" && peer.names == [])
        let server = SessionPair(client: try Certificates.client(), server: try Certificates.server("common-name"))
        guard case .failure(let error) = server.handshake().client else {
            Issue.record("a server was accepted by its common name")
            return
        }
        #expect(error.kind == .untrusted && error.description.contains("ostname mismatch"), "\(error)")
    }

    @Test func aClientWithoutOne() throws {
        #expect(SessionPair(client: try Certificates.client(), server: try mutual(.optional)).handshake().isDone)
        #expect(SessionPair(client: try Certificates.client("client"), server: try mutual(.off)).handshake().isDone)
        let outcome = SessionPair(client: try Certificates.client(), server: try mutual(.required)).handshake()
        #expect(throws: TLSError.self) { try outcome.server.get() }
        guard case .failure(let error) = outcome.client else {
            Issue.record("the client was not told")
            return
        }
        #expect(error.kind == .alert(116) && error.isFinal)
    }

    @Test(arguments: ["client-revoked", "client-expired", "client-stranger", "self-signed"])
    func aBadClientIsRefused(_ name: String) throws {
        for certificates in [ClientCertificates.optional, .required] {
            let pair = SessionPair(client: try Certificates.client(name), server: try mutual(certificates))
            let outcome = pair.handshake()
            guard case .failure(let error) = outcome.server else {
                Issue.record("\(name) was accepted")
                return
            }
            #expect(error.kind == .untrusted)
            guard case .failure(let told) = outcome.client else {
                Issue.record("the client was not told")
                return
            }
            #expect(told.isFinal, "\(told)")
        }
    }

    // MARK: Resumption and reload

    @Test func aSecondConnectionResumes() throws {
        let credentials = try TLSServerCredentials(
            Certificates.serverOptions {
                $0.clientCertificates = .required
                $0.clientCA = Certificates.path("ca.pem")
            })
        let client = try Certificates.client("client")
        let first = SessionPair(client: client, server: credentials.current)
        #expect(first.handshake().isDone && !first.server.isResumed)
        for _ in 0..<3 {
            let next = SessionPair(client: client, server: credentials.current)
            #expect(next.handshake().isDone && next.server.isResumed && next.client.isResumed)
            #expect(next.server.peerCertificate?.subject == "CN=billing")
        }
        // What was reloaded may have other rules: everybody is checked by them.
        try credentials.reload()
        let later = SessionPair(client: client, server: credentials.current)
        #expect(later.handshake().isDone && !later.server.isResumed)
        // A connection of before goes on.
        _ = try first.client.write([5])
        first.server.feed(first.client.output())
        #expect(try first.server.readAll().bytes == [5])
    }

    // MARK: Files

    @Test func whatIsWrongWithFilesIsNamed() throws {
        func problem(_ name: String, key: String, _ configure: (inout TLSServerOptions) -> Void = { _ in }) -> String {
            do {
                _ = try Certificates.server(name, key: key, configure)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(problem("server", key: "leaf.key") == "")
        #expect(problem("missing", key: "leaf.key").contains("missing.pem cannot be read"))
        #expect(problem("server", key: "missing.key").contains("missing.key cannot be read"))
        #expect(problem("server", key: "rsa.key").contains("is not that of the certificate"))
        #expect(problem("server", key: "other-ca.key").contains("is not that of the certificate"))
        #expect(problem("server", key: "encrypted.key").contains("not encrypted"))
        // Everybody may read a certificate, and nobody a key.
        #expect(problem("server", key: "server.pem").contains("server.pem can be read by others (mode 0644)"))
        try FileManager.default.copyItem(atPath: Certificates.path("server.pem"), toPath: Certificates.path("no.key"))
        chmod(Certificates.path("no.key"), 0o600)
        #expect(problem("server", key: "no.key").contains("holds no private key"))
        #expect(problem("crl", key: "leaf.key").contains("holds no certificate"))
        #expect(
            problem("server", key: "leaf.key") { $0.clientCertificates = .required }.contains("need a CA"))
        let lists = problem("server", key: "leaf.key") {
            $0.clientCertificates = .optional
            $0.clientCA = Certificates.path("ca.pem")
            $0.revocationList = Certificates.path("server.pem")
        }
        #expect(lists.contains("holds no list"))
        #expect(throws: TLSError.self) { try Certificates.client { $0.ca = Certificates.path("leaf.key") } }
        #expect(throws: TLSError.self) { try Certificates.client { $0.key = Certificates.path("leaf.key") } }
    }

    @Test func aCertificateTellsItsTimes() throws {
        let summary = try #require(try Certificates.server("expired").certificate)
        #expect(summary.notBefore == 1_577_836_800 && summary.notAfter == 1_609_459_200)
        #expect(CertificateSummary.revocationListEnds(Certificates.path("crl-old.pem")) == [1_580_515_200])
        #expect(CertificateSummary.revocationListEnds(Certificates.path("missing.pem")) == [])
    }
}
