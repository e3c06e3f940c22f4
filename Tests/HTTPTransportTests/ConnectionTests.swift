import GatewayTestKit
import HTTPTransport
import Synchronization
import Testing

/// Connections, many requests at once, cancelling and ending.
@Suite(.timeLimit(.minutes(2))) struct ConnectionTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let ok = Reaction.answer(201, "{}")

    // MARK: Kept connections

    @Test func connectionsAreKept() async throws {
        let server = try await ScriptedHTTPServer { _ in Self.ok }
        let fixture = Fixture()
        for _ in 0..<20 { #expect(await fixture.result(post("http://127.0.0.1:\(server.port)/")).status == 201) }
        #expect(server.connections == 1)
        #expect(server.requests.count == 20)
        fixture.client.stop()
        await server.stop()
    }

    /// libcurl by itself sends the second request again on a new connection, and reports one success.
    @Test(arguments: [Reaction.close, .reset]) func aPostIsNeverRepeated(_ reaction: Reaction) async throws {
        for tls in [nil, try TestCertificates.server()] {
            let server = try await ScriptedHTTPServer(.init(tls: tls)) { $0.number == 2 ? reaction : Self.ok }
            let fixture = Fixture { $0.caFile = TestCertificates.authority() }
            let url = "\(tls == nil ? "http" : "https")://127.0.0.1:\(server.port)/"
            #expect(await fixture.result(post(url)).status == 201)
            let second = await fixture.result(post(url))
            #expect(second.unknown != nil, "\(second)")
            #expect(server.requests.count == 2)
            // The connection is gone, the client is not.
            #expect(await fixture.result(post(url)).status == 201)
            #expect(server.requests.count == 3)
            fixture.client.stop()
            await server.stop()
        }
    }

    /// A connection that the server ends after its answer, as one does whose time is over.
    @Test func aConnectionThatEndedIsReplaced() async throws {
        for tls in [nil, try TestCertificates.server()] {
            for end in [Reaction.End.close, .reset] {
                let server = try await ScriptedHTTPServer(.init(tls: tls)) { _ in Reaction(Self.ok.bytes, end) }
                let fixture = Fixture { $0.caFile = TestCertificates.authority() }
                let url = "\(tls == nil ? "http" : "https")://127.0.0.1:\(server.port)/"
                var answered = 0
                for _ in 0..<20 {
                    let result = await fixture.result(post(url))
                    // The end may come while the next request is written.
                    if result.status == 201 { answered += 1 } else { #expect(result.unknown != nil, "\(result)") }
                }
                #expect(answered > 0)
                #expect(server.requests.count <= 20)
                fixture.client.stop()
                await server.stop()
            }
        }
    }

    @Test func noMoreConnectionsThanConfigured() async throws {
        let arrived = Mutex(0)
        let server = try await ScriptedHTTPServer { request in
            arrived.withLock { $0 += 1 }
            var reaction = Self.ok
            reaction.isHeld = true
            return reaction
        }
        let fixture = Fixture { $0.connections = 4 }
        let url = "http://127.0.0.1:\(server.port)/"
        fixture.session.submit((1...40).map { post(url, number: $0) })
        await server.wait { $0.count >= 4 }
        #expect(arrived.withLock { $0 } == 4)
        await server.release()
        await fixture.log.wait(40)
        #expect(fixture.log.results.values.allSatisfy { $0.status == 201 })
        #expect(server.connections == 4)
        fixture.client.stop()
        await server.stop()
    }

    @Test func aThousandAtOnce() async throws {
        let server = try await ScriptedHTTPServer { request in
            var reaction = Reaction.answer(201, String(decoding: request.body, as: UTF8.self))
            reaction.isHeld = true
            return reaction
        }
        let fixture = Fixture {
            $0.connections = 1000
            $0.timeout = 60_000
        }
        let url = "http://127.0.0.1:\(server.port)/"
        fixture.session.submit((1...1000).map { post(url, number: $0, body: "number=\($0)") })
        await server.wait { $0.count >= 1000 }
        #expect(fixture.log.bursts.isEmpty)
        await server.release()
        await fixture.log.wait(1000)
        let results = fixture.log.results
        for number in UInt64(1)...1000 {
            guard case .answered(let response)? = results[number] else {
                Issue.record("\(number): \(String(describing: results[number]))")
                continue
            }
            #expect(response.body == Array("number=\(number)".utf8))
        }
        #expect(server.connections == 1000)
        // By the burst, not one by one.
        #expect(fixture.log.bursts.count < 1000)
        fixture.client.stop()
        await server.stop()
    }

    @Test func sessionsAreApart() async throws {
        let server = try await ScriptedHTTPServer { request in
            request.target == "/slow" ? .silence : Self.ok
        }
        let client = HTTPClient()
        let logs = [CompletionLog(), CompletionLog()]
        var slow = HTTPSessionOptions()
        slow.timeout = 500
        let sessions = [client.session(slow, handler: logs[0]), client.session(HTTPSessionOptions(), handler: logs[1])]
        let url = "http://127.0.0.1:\(server.port)"
        sessions[0].submit((1...10).map { post("\(url)/slow", number: $0) })
        sessions[1].submit((1...10).map { post("\(url)/quick", number: $0) })
        await logs[1].wait(10)
        #expect(logs[1].results.values.allSatisfy { $0.status == 201 })
        await logs[0].wait(10)
        #expect(logs[0].results.values.allSatisfy { $0.unknown == .timedOut })
        client.stop()
        await server.stop()
    }

    // MARK: Requests

    @Test func whatTheServerGets() async throws {
        let server = try await ScriptedHTTPServer { _ in Self.ok }
        let fixture = Fixture()
        let url = "http://127.0.0.1:\(server.port)/a/b?c=%20d"
        var request = post(url, body: "Body=\u{0}é")
        request.authentication = .basic(user: "AC1", password: "p:w")
        request.headers.append(HTTPHeader("X-One", "two"))
        _ = await fixture.result(request)
        // The same handle again, without any of that.
        _ = await fixture.result(HTTPRequest(id: HTTPRequestID(number: 2), url: url))
        _ = await fixture.result(post(url, body: ""))
        let requests = server.requests
        #expect(requests.map(\.method) == ["POST", "GET", "POST"])
        #expect(requests.map(\.target) == Array(repeating: "/a/b?c=%20d", count: 3))
        #expect(requests[0].body == Array("Body=\u{0}é".utf8))
        #expect(requests[0].header("authorization") == "Basic QUMxOnA6dw==")
        #expect(requests[0].header("x-one") == "two")
        #expect(requests[0].header("content-type") == "application/x-www-form-urlencoded")
        #expect(requests[0].header("host") == "127.0.0.1:\(server.port)")
        #expect(requests[0].header("expect") == nil)
        #expect(requests[1].header("authorization") == nil)
        #expect(requests[1].header("x-one") == nil)
        #expect(requests[1].body.isEmpty)
        #expect(requests[2].body.isEmpty)
        #expect(requests[2].header("content-length") == "0")
        fixture.client.stop()
        await server.stop()
    }

    /// Each header once, and what was signed is what is sent.
    @Test func signedForAWS() async throws {
        let server = try await ScriptedHTTPServer { _ in Self.ok }
        let fixture = Fixture()
        let credentials = AWSCredentials(keyID: "AKIDEXAMPLE", secret: "secret/+", sessionToken: "TOKEN==")
        for body in ["Action=Publish&Message=hello%20world", ""] {
            var request = post("http://127.0.0.1:\(server.port)/", body: body)
            request.authentication = .aws(credentials, region: "us-east-1", service: "sns")
            _ = await fixture.result(request)
        }
        _ = await fixture.result(post("http://127.0.0.1:\(server.port)/"))
        let requests = server.requests
        let digests = [
            "1d083a562653a2df24226e269b071aa5a55395a486ac3fc1ae5b680eeeeaf77c",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
        for (request, digest) in zip(requests, digests) {
            #expect(request.header("x-amz-content-sha256") == digest)
            #expect(request.header("x-amz-security-token") == "TOKEN==")
            let authorization = request.header("authorization") ?? ""
            #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"))
            #expect(authorization.contains("/us-east-1/sns/aws4_request"))
            let names = request.headers.map(\.name)
            #expect(Set(names).count == names.count)
        }
        #expect(requests[2].header("authorization") == nil)
        #expect(requests[2].header("x-amz-content-sha256") == nil)
        fixture.client.stop()
        await server.stop()
    }

    @Test func byAProxy() async throws {
        let proxy = try await ScriptedHTTPServer { request in
            request.method == "CONNECT" ? .raw("HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\n\r\n", .close) : Self.ok
        }
        let fixture = Fixture { $0.proxy = "http://127.0.0.1:\(proxy.port)" }
        #expect(await fixture.result(post("http://api.example/messages")).status == 201)
        #expect(proxy.requests.map(\.target) == ["http://api.example/messages"])
        // Nothing of the request goes to a proxy that refuses to carry it.
        let result = await fixture.result(post("https://api.example/messages"))
        #expect(result.notSent == .notConnected, "\(result)")
        #expect(proxy.requests.last?.target == "api.example:443")
        fixture.client.stop()
        await proxy.stop()
        let without = Fixture { $0.proxy = "http://127.0.0.1:\(proxy.port)" }
        #expect(await without.result(post("http://api.example/messages")).notSent == .notConnected)
        without.client.stop()
    }

    // MARK: Cancelling and ending

    @Test func cancelling() async throws {
        let server = try await ScriptedHTTPServer { _ in .silence }
        let fixture = Fixture { $0.connections = 1 }
        let url = "http://127.0.0.1:\(server.port)/"
        fixture.session.submit([post(url, number: 1), post(url, number: 2), post(url, number: 3)])
        await server.wait { $0.count >= 1 }
        // The one that waits first, or it might take the other's place.
        for number in [UInt64(2), 1] { fixture.session.cancel(HTTPRequestID(number: number)) }
        fixture.session.cancel(HTTPRequestID(number: 3, attempt: 2))
        fixture.session.cancel(HTTPRequestID(number: 9))
        await fixture.log.wait(2)
        #expect(fixture.log.results[1]?.unknown == .canceled)
        #expect(fixture.log.results[2]?.notSent == .canceled)
        // The third takes the place of the first.
        await server.wait { $0.count >= 2 }
        fixture.client.stop()
        await server.stop()
    }

    @Test func drainingCompletesWhatIsUnderWay() async throws {
        let server = try await ScriptedHTTPServer { _ in
            var reaction = Self.ok
            reaction.isHeld = true
            return reaction
        }
        let fixture = Fixture { $0.connections = 2 }
        let url = "http://127.0.0.1:\(server.port)/"
        fixture.session.submit((1...5).map { post(url, number: $0) })
        await server.wait { $0.count >= 2 }
        fixture.session.drain()
        fixture.session.submit([post(url, number: 6)])
        await fixture.log.wait(4)
        await server.release()
        await fixture.log.wait(6)
        let results = fixture.log.results
        #expect((1...2).allSatisfy { results[$0]?.status == 201 })
        #expect((3...6).allSatisfy { results[$0]?.notSent == .canceled })
        #expect(server.requests.count == 2)
        fixture.client.stop()
        await server.stop()
    }

    @Test(arguments: [true, false]) func nothingIsReportedAfterTheEnd(_ isClientStopped: Bool) async throws {
        let server = try await ScriptedHTTPServer { request in
            var reaction = Self.ok
            // The last of them are still under way at the end.
            reaction.isHeld = request.number > 20
            return reaction
        }
        let fixture = Fixture { $0.connections = 4 }
        let url = "http://127.0.0.1:\(server.port)/"
        fixture.session.submit((1...500).map { post(url, number: $0) })
        await server.wait { $0.filter { $0.number > 20 }.count == 4 }
        if isClientStopped { fixture.client.stop() } else { fixture.session.close() }
        let count = fixture.log.results.count
        #expect(count < 500)
        await server.release()
        fixture.session.submit([post(url, number: 501, body: "late")])
        for _ in 0..<1000 { await Task.yield() }
        #expect(fixture.log.results.count == count)
        #expect(!server.requests.contains { $0.body == Array("late".utf8) })
        fixture.client.stop()
        await server.stop()
    }

    /// The handler itself closes, on the client's thread.
    @Test func closingWhileBeingCalled() async throws {
        final class Closing: HTTPCompletionHandler {
            let log = CompletionLog()
            let session = Mutex<HTTPSession?>(nil)
            func completed(_ completions: [HTTPCompletion]) {
                session.withLock { $0 }?.close()
                log.completed(completions)
            }
        }
        let server = try await ScriptedHTTPServer { _ in Self.ok }
        let client = HTTPClient()
        let handler = Closing()
        let session = client.session(HTTPSessionOptions(), handler: handler)
        handler.session.withLock { $0 = session }
        session.submit([post("http://127.0.0.1:\(server.port)/")])
        await handler.log.wait(1)
        client.stop()
        #expect(handler.log.results[1]?.status == 201)
        await server.stop()
    }
}
