import GatewayTestKit
import Glibc
import HTTPTransport
import SMSModel
import TLS
import Testing

/// Whether the server may have acted on a request, told apart with real sockets.
@Suite(.timeLimit(.minutes(2))) struct PhaseTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let ok = Reaction.answer(201, "{\"sid\":\"SM1\"}")

    private func withServer(
        _ options: ScriptedHTTPServer.Options = .init(), fixture: Fixture = Fixture(),
        react: @escaping @Sendable (ScriptedHTTPServer.Request) -> Reaction,
        _ body: (ScriptedHTTPServer, Fixture) async throws -> Void
    ) async throws {
        let server = try await ScriptedHTTPServer(options, react: react)
        try await body(server, fixture)
        fixture.client.stop()
        await server.stop()
    }

    private func trusting(_ configure: (inout HTTPSessionOptions) -> Void = { _ in }) -> Fixture {
        Fixture {
            $0.caFile = TestCertificates.authority()
            configure(&$0)
        }
    }

    // MARK: Nothing was sent

    @Test func refused() async throws {
        let fixture = Fixture()
        // A port that no other test is given meanwhile.
        #expect(await fixture.result(post("http://127.0.0.1:1/")).notSent == .notConnected)
        fixture.client.stop()
    }

    @Test func noSuchName() async {
        let fixture = Fixture()
        #expect(await fixture.result(post("http://no-such-host.invalid/")).notSent == .nameNotResolved)
        fixture.client.stop()
    }

    @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:1/", "no url", "http://", "://"])
    func otherSchemesAndNoURLs(_ url: String) async {
        let fixture = Fixture()
        #expect(await fixture.result(post(url)).notSent != nil)
        fixture.client.stop()
    }

    @Test func aRequestThatCannotBeWritten() async {
        let fixture = Fixture()
        var request = post("http://127.0.0.1:1/")
        request.headers.append(HTTPHeader("X-A", "b\r\nX-C: d"))
        #expect(await fixture.result(request).notSent == .invalidRequest)
        fixture.client.stop()
    }

    /// A listener whose queue of connections is full answers nothing.
    @Test func connectTimeout() async throws {
        let listener = try FullListener()
        let fixture = Fixture { $0.connectTimeout = 150 }
        #expect(await fixture.result(post("http://127.0.0.1:\(listener.port)/")).notSent == .timedOut)
        fixture.client.stop()
    }

    @Test func tlsStall() async throws {
        // It waits for a head that never comes.
        try await withServer(fixture: trusting { $0.connectTimeout = 150 }, react: { _ in Self.ok }) {
            server, fixture in
            #expect(await fixture.result(post("https://127.0.0.1:\(server.port)/")).notSent == .timedOut)
        }
    }

    @Test func tlsClosed() async throws {
        try await withServer(.init(closesAtFirstByte: true), fixture: trusting(), react: { _ in Self.ok }) {
            server, fixture in
            #expect(await fixture.result(post("https://127.0.0.1:\(server.port)/")).notSent == .tls)
        }
    }

    @Test func certificatesThatAreNotTrusted() async throws {
        let tls = try TestCertificates.server()
        let server = try await ScriptedHTTPServer(.init(tls: tls)) { _ in Self.ok }
        // The system's authorities, and another than the server's.
        for authority in [nil, TestCertificates.authority("other")] {
            let fixture = Fixture { $0.caFile = authority }
            let result = await fixture.result(post("https://127.0.0.1:\(server.port)/"))
            #expect(result.notSent == .untrustedCertificate, "\(result)")
            fixture.client.stop()
        }
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test func certificateOfAnotherHost() async throws {
        let tls = try TestCertificates.server("elsewhere")
        try await withServer(.init(tls: tls), fixture: trusting(), react: { _ in Self.ok }) { server, fixture in
            #expect(await fixture.result(post("https://127.0.0.1:\(server.port)/")).notSent == .untrustedCertificate)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func aFileOfAuthoritiesThatIsNotThere() async throws {
        let fixture = Fixture { $0.caFile = "/nowhere/ca.pem" }
        let tls = try TestCertificates.server()
        try await withServer(.init(tls: tls), fixture: fixture, react: { _ in Self.ok }) { server, fixture in
            #expect(await fixture.result(post("https://127.0.0.1:\(server.port)/")).notSent == .tls)
        }
    }

    @Test func noConnectionFreeInTime() async throws {
        let fixture = Fixture {
            $0.connections = 1
            $0.timeout = 300
        }
        try await withServer(fixture: fixture, react: { _ in .silence }) { server, fixture in
            let url = "http://127.0.0.1:\(server.port)/"
            fixture.session.submit([post(url, number: 1), post(url, number: 2)])
            await fixture.log.wait(2)
            #expect(fixture.log.results[1]?.unknown == .timedOut)
            #expect(fixture.log.results[2]?.notSent == .timedOut)
            #expect(server.requests.count <= 1)
        }
    }

    @Test func moreWaitThanMay() async throws {
        let fixture = Fixture { $0.waiting = 3 }
        try await withServer(fixture: fixture, react: { _ in Self.ok }) { server, fixture in
            let url = "http://127.0.0.1:\(server.port)/"
            fixture.session.submit((1...5).map { post(url, number: $0) })
            await fixture.log.wait(5)
            let results = fixture.log.results
            #expect((1...3).allSatisfy { results[$0]?.status == 201 })
            #expect((4...5).allSatisfy { results[$0]?.notSent == .tooManyWaiting })
        }
    }

    // MARK: Something may have been sent

    @Test(arguments: [
        (Reaction.close, HTTPFailure.Reason.noAnswer), (.reset, .connectionLost),
        (.raw("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{\"sid\":", .close), .answerCutShort),
        (.raw("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{\"sid\":", .reset), .connectionLost),
        (.raw("HTTP/1.1 201 Created\r\nContent-Le", .close), .answerCutShort),
        (.raw("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n", .close), .answerCutShort),
        (.raw("HTTP/1.1 100 Continue\r\n\r\n", .close), .noAnswer),
        (.raw("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", .close), .answerCutShort),
        (.raw("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .close), .connectionLost),
        (.raw("SSH-2.0-OpenSSH_9.2\r\n", .close), .notHTTP),
        (.raw("\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}", .close), .notHTTP),
        (.silence, .timedOut),
        (.raw("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{"), .timedOut),
    ])
    func noWholeAnswer(_ reaction: Reaction, _ reason: HTTPFailure.Reason) async throws {
        for tls in [nil, try TestCertificates.server()] {
            let fixture = trusting { if reason == .timedOut { $0.timeout = 2000 } }
            try await withServer(.init(tls: tls), fixture: fixture, react: { _ in reaction }) { server, fixture in
                let result = await fixture.result(post("\(tls == nil ? "http" : "https")://127.0.0.1:\(server.port)/"))
                // How a connection ended is told differently over TLS.
                #expect(tls == nil ? result.unknown == reason : result.unknown != nil, "\(result)")
                #expect(server.requests.count == 1)
            }
        }
    }

    // MARK: Answers

    @Test(arguments: [200, 201, 301, 307, 400, 401, 429, 500, 503, 599])
    func anyStatusIsAnAnswer(_ status: Int) async throws {
        try await withServer(react: { _ in .answer(status, "{}", headers: ["Location: http://127.0.0.1:1/"]) }) {
            server, fixture in
            let result = await fixture.result(post("http://127.0.0.1:\(server.port)/"))
            #expect(result == .answered(HTTPResponse(status: status, body: Array("{}".utf8))))
            #expect(server.requests.count == 1)
        }
    }

    @Test func formsOfAnswers() async throws {
        let answers: [(Reaction, String)] = [
            (.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "abcde"),
            (.raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", .close), "until the end"),
            (.raw("HTTP/1.0 200 OK\n\nold", .close), "old"),
            (.raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "ok"),
            (.raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ""),
            (.raw("HTTP/1.1 204 No Content\r\n\r\n"), ""),
        ]
        for (reaction, body) in answers {
            try await withServer(react: { _ in reaction }) { server, fixture in
                let result = await fixture.result(post("http://127.0.0.1:\(server.port)/"))
                guard case .answered(let response) = result else { throw Unexpected(result: result) }
                #expect(response.body == Array(body.utf8))
                #expect(!response.isBodyCut)
            }
        }
    }

    private struct Unexpected: Error { var result: HTTPResult }

    @Test func headersThatWereAskedFor() async throws {
        let fixture = Fixture { $0.responseHeaders = ["retry-after", "x-id"] }
        // With its name and the end of the line it is just as long as may be.
        let longest = String(repeating: "a", count: Limits.httpResponseHeaderBytes - "x-id: \r\n".utf8.count)
        let headers = ["Retry-After:  7 ", "X-ID: a:b", "X-Other: c", "x-id: \(longest)", "x-id: \(longest)a"]
        try await withServer(fixture: fixture, react: { _ in .answer(429, "", headers: headers) }) { server, fixture in
            let result = await fixture.result(post("http://127.0.0.1:\(server.port)/"))
            guard case .answered(let response) = result else { throw Unexpected(result: result) }
            #expect(
                response.headers == [
                    HTTPHeader("retry-after", "7"), HTTPHeader("x-id", "a:b"), HTTPHeader("x-id", longest),
                ])
            #expect(response.header("retry-after") == "7")
            #expect(response.header("x-other") == nil)
        }
    }

    /// The status counts all the same: it came whole.
    @Test(arguments: [true, false]) func aBodyOverTheBoundIsCut(_ isChunked: Bool) async throws {
        for count in [1000, 1001, 300_000] {
            let body = String(repeating: "b", count: count)
            let reaction: Reaction =
                isChunked
                ? .raw(
                    "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                )
                : .answer(400, body)
            try await withServer(fixture: Fixture { $0.responseBytes = 1000 }, react: { _ in reaction }) {
                server, fixture in
                let result = await fixture.result(post("http://127.0.0.1:\(server.port)/"))
                guard case .answered(let response) = result else { throw Unexpected(result: result) }
                #expect(response.status == 400)
                #expect(response.body == Array(body.utf8.prefix(1000)))
                #expect(response.isBodyCut == (count > 1000))
            }
        }
    }

    @Test func overTLS() async throws {
        let tls = try TestCertificates.server()
        try await withServer(.init(tls: tls), fixture: trusting(), react: { _ in Self.ok }) { server, fixture in
            for _ in 0..<3 {
                #expect(await fixture.result(post("https://127.0.0.1:\(server.port)/")).status == 201)
            }
            #expect(server.connections == 1)
        }
    }
}

/// A listening socket that takes no more connections, and drops those that want in.
private final class FullListener {
    let port: Int
    private var sockets: [Int32] = []

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        sockets = [listener]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 0) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            sockets.append(client)
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) }
            }
        }
    }

    deinit {
        for socket in sockets { close(socket) }
    }
}
