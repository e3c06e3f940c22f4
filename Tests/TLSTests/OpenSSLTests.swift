import Foundation
import NIOCore
import NIOPosix
import TLS
import Testing

/// The handler on real sockets, with the `openssl` program at the other end.
@Suite(.timeLimit(.minutes(2))) struct OpenSSLTests {
    init() async throws { try await Certificates.make() }

    private func client(_ port: Int, _ arguments: [String] = []) throws -> OpenSSL {
        try OpenSSL(
            ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", Certificates.path("ca.pem")]
                + arguments)
    }

    private func credentials() throws -> TLSServerCredentials {
        try TLSServerCredentials(Certificates.serverOptions())
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"], [("server", "leaf.key"), ("server-rsa", "rsa.key")])
    func openSSLIsServed(_ version: String, _ certificate: (name: String, key: String)) async throws {
        let credentials = try TLSServerCredentials(
            Certificates.serverOptions(certificate.name, key: certificate.key))
        try await withEcho(credentials) { port, record in
            let client = try client(port, [version, "-alpn", "apus/1", "-verify_hostname", "localhost"])
            try client.write("hello\n")
            try await client.output(until: "hello")
            try client.write("bye\n")
            let said = await client.rest()
            #expect(said.contains("Verify return code: 0 (ok)") && said.contains("ALPN protocol: apus/1"))
            #expect(await client.exitCode() == 0)
            #expect(await record.errorsAtEnd() == [])
        }
    }

    @Test func oldVersionsAreRefused() async throws {
        try await withEcho(try credentials()) { port, record in
            let old = try client(port, ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
            #expect(await old.exitCode() != 0)
            #expect(await record.errorsAtEnd().count == 1)
        }
        let newest = try TLSServerCredentials(Certificates.serverOptions { $0.minimumVersion = .v13 })
        try await withEcho(newest) { port, record in
            let old = try client(port, ["-tls1_2"])
            #expect(await old.exitCode() != 0)
            #expect(await record.errorsAtEnd().count == 1)
        }
    }

    @Test func otherProtocolsAreRefused() async throws {
        try await withEcho(try credentials()) { port, record in
            let other = try client(port, ["-alpn", "h2"])
            #expect(await other.rest().contains("no application protocol"))
            #expect(await record.errorsAtEnd().count == 1)
        }
    }

    @Test func renegotiationIsRefused() async throws {
        try await withEcho(try credentials()) { port, record in
            let client = try client(port, ["-tls1_2"])
            try client.write("hello\n")
            try await client.output(until: "hello")
            try client.write("R\n")
            let said = await client.rest()
            #expect(said.contains("RENEGOTIATING") && said.contains("no renegotiation"), "\(said)")
            #expect(await client.exitCode() != 0)
        }
    }

    @Test func keysAreUpdated() async throws {
        try await withEcho(try credentials()) { port, record in
            let client = try client(port, ["-tls1_3"])
            for letter in ["K", "k", "K"] {
                try client.write("\(letter)\n")
                try await client.output(until: "KEYUPDATE")
                try client.write("after \(letter)\n")
                try await client.output(until: "after \(letter)")
            }
            try client.write("bye\n")
            #expect(await client.exitCode() == 0)
            #expect(await record.errorsAtEnd() == [])
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func sessionsAreResumed(_ version: String) async throws {
        let file = Certificates.path("session-\(UInt64.random(in: 0 ... .max))")
        let credentials = try self.credentials()
        try await withEcho(credentials) { port, record in
            for (option, isNew) in [("-sess_out", true), ("-sess_in", false)] {
                let client = try client(port, [version, option, file])
                try client.write("bye\n")
                let said = await client.rest()
                #expect(said.contains(isNew ? "New, TLS" : "Reused, TLS"), "\(said)")
            }
            // Tickets of before a reload are worth nothing.
            try credentials.reload()
            let client = try client(port, [version, "-sess_in", file])
            try client.write("bye\n")
            #expect(await client.rest().contains("New, TLS"))
        }
    }

    @Test func aSocketThatIsJustClosedIsATruncation() async throws {
        try await withEcho(try credentials()) { port, record in
            let client = try await Self.connect(port, try Certificates.client(serverName: "127.0.0.1"))
            try await client.writeAndFlush(ByteBuffer(string: "hello\n")).get()
            #expect(await client.next() == "hello\n")
            try await client.cut()
            #expect(await record.errorsAtEnd().map(\.kind) == [.truncated])
        }
    }

    @Test func aStalledHandshakeIsEnded() async throws {
        try await withEcho(try credentials(), handshakeTimeout: .milliseconds(100)) { port, record in
            let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            #expect(await record.errorsAtEnd().map(\.kind) == [.timedOut])
            try await silent.closeFuture.get()
        }
    }

    // MARK: As the client

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func openSSLServes(_ version: String) async throws {
        let server = try OpenSSL([
            "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", version, "-alpn", "apus/1",
            "-cert", Certificates.path("server.pem"), "-key", Certificates.path("leaf.key"), "-Verify", "1",
            "-verify_return_error", "-CAfile", Certificates.path("ca.pem"),
        ])
        let client = try await Self.connect(
            try await Self.port(of: server), try Certificates.client("client", serverName: "127.0.0.1"))
        try await client.writeAndFlush(ByteBuffer(string: "hello\n")).get()
        var answer = ""
        while !answer.contains("\n"), let part = await client.next() { answer += part }
        #expect(answer == "olleh\n")
        try await client.close()
    }

    @Test(arguments: ["expired", "wrong-host", "self-signed", "revoked"])
    func aBadServerIsRefused(_ name: String) async throws {
        let server = try OpenSSL([
            "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", "-alpn", "apus/1",
            "-cert", Certificates.path("\(name).pem"), "-key", Certificates.path("leaf.key"),
        ])
        let context = try Certificates.client(serverName: "127.0.0.1") {
            $0.revocationList = Certificates.path("crl.pem")
        }
        let client = try await Self.connect(try await Self.port(of: server), context)
        #expect(await client.next() == nil)
        #expect(client.errors.map(\.kind) == [.untrusted])
    }

    private static func port(of server: OpenSSL) async throws -> Int {
        let said = try await server.output(until: "ACCEPT 127.0.0.1:")
        let digits = said.split(separator: "ACCEPT 127.0.0.1:", omittingEmptySubsequences: false).last?
            .prefix { $0.isNumber }
        return try #require(digits.flatMap { Int($0) })
    }

    private static func connect(_ port: Int, _ context: TLSContext) async throws -> TLSClient {
        try await TLSClient(port: port, context)
    }
}
