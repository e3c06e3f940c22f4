internal import GatewayCore
internal import GatewayTestKit
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Providers
internal import SMSModel
internal import TLS
internal import Testing

@testable internal import WebGateway

/// The server's life, and TLS.
@Suite(.timeLimit(.minutes(2))) struct ServerTests {
    private func listen(_ addresses: [WebAddress], tls: TLSServerCredentials? = nil) async throws -> WebServer {
        var options = WebServerOptions()
        options.tls = tls
        return try await WebServer.listen(
            on: addresses, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), options: options,
            carriers: try ScriptedIntake().ingress(), health: { .bad },
            log: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func severalAddresses() async throws {
        let server = try await listen([.http(host: "127.0.0.1", port: 0), .http(host: "::1", port: 0)])
        #expect(server.addresses.allSatisfy { $0.port > 0 })
        let (exit, output) = try await curl("http://[::1]:\(server.addresses[1].port)/health")
        #expect(
            exit == 0 && output.hasPrefix("HTTP/1.1 503 ")
                && output.hasSuffix(#"{"accepting":false,"degraded":false,"dispatching":true}"#), "\(output)")
        await server.shutDown(grace: .seconds(1))
    }

    @Test func anAddressThatIsTakenEndsTheOthers() async throws {
        // A host of its own: nobody else takes the port that becomes free.
        let server = try await listen([.http(host: "127.0.0.77", port: 0)])
        let first = try await listen([.http(host: "127.0.0.77", port: 0)])
        let free = first.addresses[0]
        await first.shutDown(grace: .seconds(1))
        await #expect(throws: (any Error).self) { _ = try await listen([free, server.addresses[0]]) }
        // A process that is being started, by another test, holds what this one had open for a moment longer.
        var again: WebServer?
        try await until {
            again = try? await listen([free])
            return again != nil
        }
        await again?.shutDown(grace: .seconds(1))
        await server.shutDown(grace: .seconds(1))
        await #expect(throws: TLSError.self) { _ = try await listen([.https(host: "127.0.0.1", port: 0)]) }
    }

    @Test func overTLS() async throws {
        try await withServer(on: "https:127.0.0.1:0") {
            $0.tls = try TestCertificates.credentials()
        } _: { server, intake in
            let url = "https://127.0.0.1:\(server.port)"
            let posted = try await curl(
                "--cacert", TestCertificates.authority, "--data", String(repeating: "x", count: 100_000),
                url + "/webhooks/sns?a=b", url + "/health")
            #expect(posted.exit == 0)
            #expect(posted.output.contains("HTTP/1.1 200 "), "\(posted)")
            #expect(intake.received.map(\.request.url) == [url + "/webhooks/sns?a=b"])
            #expect(intake.received.map(\.request.body.count) == [100_000])
            // Who doesn't know the authority has nothing to do with it.
            #expect(try await curl(url + "/health").exit == 60)
            let version = try await curl("--cacert", TestCertificates.authority, "--tls-max", "1.2", url + "/health")
            #expect(version.output.hasPrefix("HTTP/1.1 200 "))
            let large = try await curl(
                "--cacert", TestCertificates.authority, "--data", String(repeating: "x", count: 100_000),
                "--data", String(repeating: "x", count: 100_000), "--data", String(repeating: "x", count: 100_000),
                url + "/webhooks/sns")
            #expect(large.output.contains("HTTP/1.1 413 "), "\(large)")
        }
    }

    @Test func plainTextAtTheDoorOfTLS() async throws {
        try await withServer(on: "https:127.0.0.1:0") {
            $0.tls = try TestCertificates.credentials()
        } _: { server, intake in
            let client = try await RawClient(server)
            try await client.send(request(body: "x"))
            #expect(await !client.receiveToEnd().contains("HTTP"))
            try await until { server.connectionCount == 0 }
            #expect(intake.received.isEmpty)
        }
    }

    @Test func aDrainLetsWhatIsUnderWayEnd() async throws {
        try await withServer(intake: ScriptedIntake(holds: true)) { server, intake in
            let idle = try await RawClient(server)
            #expect(try await idle.ask(request("GET", "/health")).status == 200)
            let busy = try await RawClient(server)
            try await busy.send(request(body: "x"))
            try await intake.wait(1)
            async let end: Void = server.shutDown(grace: .seconds(60))
            #expect(await idle.receiveToEnd() == "")
            // Refused, or by now somebody else's port: never ours.
            if let late = try? await RawClient(server) {
                try? await late.send(request(body: "late"))
                try? await late.close()
            }
            intake.release()
            let answer = try await busy.response()
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
            #expect(await busy.receiveToEnd() == "")
            try? await busy.close()
            await end
            #expect(server.connectionCount == 0)
            #expect(intake.received.count == 1)
        }
    }

    @Test func theGraceEnds() async throws {
        try await withServer(intake: ScriptedIntake(holds: true)) { server, intake in
            let busy = try await RawClient(server)
            try await busy.send(request(body: "x"))
            try await intake.wait(1)
            async let end: Void = server.shutDown(grace: .milliseconds(50))
            #expect(await busy.receiveToEnd() == "")
            intake.release()
            await end
            #expect(server.connectionCount == 0)
        }
    }
}
