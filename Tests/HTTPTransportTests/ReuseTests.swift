import GatewayTestKit
import HTTPTransport
import Testing

/// Handles and sockets serve one request after the other.
@Suite(.timeLimit(.minutes(2))) struct ReuseTests {
    typealias Reaction = ScriptedHTTPServer.Reaction

    private static let ok = Reaction.answer(201, "{}")

    /// What requests have in common is kept with the handle: each part of it that changes has to be set again.
    @Test func eachPartOfAHeadMayChange() async throws {
        let server = try await ScriptedHTTPServer { _ in Self.ok }
        let fixture = Fixture()
        let url = "http://127.0.0.1:\(server.port)"
        var request = post("\(url)/1", body: "a")
        _ = await fixture.result(request)
        request.url = "\(url)/2"
        request.body = Array("b".utf8)
        _ = await fixture.result(request)
        request.headers.append(HTTPHeader("X-One", "1"))
        _ = await fixture.result(request)
        request.headers[request.headers.count - 1].value = "2"
        _ = await fixture.result(request)
        for password in ["p", "q"] {
            request.authentication = .basic(user: "u", password: password)
            _ = await fixture.result(request)
        }
        request.authentication = .none
        request.headers.removeLast()
        _ = await fixture.result(request)
        let requests = server.requests
        #expect(requests.map(\.target) == ["/1", "/2", "/2", "/2", "/2", "/2", "/2"])
        #expect(requests.map(\.body) == ["a", "b", "b", "b", "b", "b", "b"].map { Array($0.utf8) })
        #expect(requests.map { $0.header("x-one") } == [nil, nil, "1", "2", "2", "2", nil])
        #expect(
            requests.map { $0.header("authorization") } == [nil, nil, nil, nil, "Basic dTpw", "Basic dTpx", nil])
        #expect(server.connections == 1)
        fixture.client.stop()
        await server.stop()
    }

    /// The numbers of sockets go round between connections and the resolver. An event that is missed is a time-out.
    @Test func connectionsThatComeAndGo() async throws {
        let server = try await ScriptedHTTPServer { request in
            request.target == "/close" ? Reaction(Self.ok.bytes, .close) : Self.ok
        }
        let fixture = Fixture { $0.connections = 8 }
        for round in 0..<20 {
            let numbers = UInt64(round * 16 + 1)...UInt64(round * 16 + 16)
            fixture.session.submit(
                numbers.map { number in
                    let host = number % 16 == 0 ? "no-such-host.invalid" : "127.0.0.1:\(server.port)"
                    return post("http://\(host)/\(number % 2 == 0 ? "close" : "keep")", number: number)
                })
            await fixture.log.wait(round * 16 + 16)
        }
        let results = fixture.log.results
        #expect(results.count == 320)
        for (number, result) in results {
            if number % 16 == 0 {
                #expect(result.notSent == .nameNotResolved, "\(result)")
            } else {
                // A connection's end may meet the next request.
                let isExpected = result.status == 201 || [.connectionLost, .noAnswer].contains(result.unknown)
                #expect(isExpected, "\(result)")
            }
        }
        fixture.client.stop()
        await server.stop()
    }
}
