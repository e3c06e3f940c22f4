internal import HTTPTransport
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import WebGateway

/// What is asked, and what is answered, byte by byte.
@Suite(.timeLimit(.minutes(2))) struct RequestTests {
    @Test func whatCameIsHandedOnAsItCame() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            let target = "/webhooks/twilio/status/%7e/../x?apus=1-1-A%2b+&&b=%zz?"
            let answer = try await client.ask(
                request(
                    "POST", target, headers: ["X-Twilio-Signature: abc=", "X-Two: 1", "X-Two: 2"], body: "A=1&B=%20"))
            #expect(answer.status == 200)
            #expect(answer.body == "ok")
            #expect(answer.headers["content-type"] == "text/plain")
            #expect(answer.headers["server"] == nil)
            #expect(answer.headers["connection"] == nil)
            let received = try #require(intake.received.first)
            #expect(received.provider == "twilio")
            #expect(received.request.method == "POST")
            #expect(received.request.url == "http://sms.example.com\(target)")
            #expect(received.request.query == "apus=1-1-A%2b+&&b=%zz?")
            #expect(received.request.header("x-twilio-signature") == "abc=")
            #expect(received.request.headers.filter { $0.name == "x-two" }.map(\.value) == ["1", "2"])
            #expect(received.request.body == Array("A=1&B=%20".utf8))
        }
    }

    @Test func thePublicURLStandsForTheHost() async throws {
        try await withServer {
            $0.publicURL = try PublicURL(parsing: "https://sms.example.com/gateway")
        } _: { server, intake in
            let client = try await RawClient(server)
            #expect(try await client.ask(request("GET", "/webhooks/a?b=c", host: "10.0.0.7:8080")).status == 200)
            #expect(intake.received[0].request.url == "https://sms.example.com/gateway/webhooks/a?b=c")
            #expect(intake.received[0].request.method == "GET")
        }
    }

    @Test(arguments: ["", "a b", "evil.example/x", "user@sms.example.com", "sms.example.com:0x50", "a,b"])
    func aHostThatIsNoneIsRefused(_ host: String) async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            #expect(try await client.ask(request("GET", host: host)).status == 400)
            #expect(intake.received.isEmpty)
        }
    }

    @Test func noneOrTwoHostsAreRefused() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            #expect(try await client.ask(request("GET", host: nil)).status == 400)
            #expect(try await client.ask(request("GET", headers: ["Host: other.example.com"])).status == 400)
            #expect(intake.received.isEmpty)
        }
    }

    @Test func byteByByte() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            for byte in request(body: "MessageStatus=delivered").utf8 { try await client.send([byte]) }
            #expect(try await client.response().status == 200)
            #expect(intake.received.map(\.request.body) == [Array("MessageStatus=delivered".utf8)])
        }
    }

    @Test func aConnectionIsUsedAgain() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            for number in 1...3 {
                #expect(try await client.ask(request(body: "\(number)")).status == 200)
            }
            #expect(intake.received.map(\.request.body) == [Array("1".utf8), Array("2".utf8), Array("3".utf8)])
            #expect(server.connectionCount == 1)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(
                request(body: "first") + request("GET", "/health") + request("GET", "/nothing") + request(body: "last"))
            #expect(try await client.response().status == 200)
            #expect(try await client.response().body == #"{"accepting":true,"degraded":false,"dispatching":true}"#)
            #expect(try await client.response().status == 404)
            #expect(try await client.response().body == "ok")
            #expect(intake.received.map(\.request.body) == [Array("first".utf8), Array("last".utf8)])
        }
    }

    @Test func nothingComesAfterTheLast() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(request(headers: ["Connection: close"], body: "only") + request(body: "too late"))
            let answer = try await client.response()
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.receiveToEnd() == "")
            #expect(intake.received.count == 1)
        }
    }

    @Test func chunks() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(request(headers: ["Transfer-Encoding: chunked"]) + "4\r\nbody\r\n")
            try await client.send("7;note=1\r\n in two\r\n0\r\n\r\n")
            #expect(try await client.response().status == 200)
            #expect(intake.received.map(\.request.body) == [Array("body in two".utf8)])
        }
    }

    @Test func whoWaitsForContinueIsToldTo() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(request(headers: ["Expect: 100-continue", "Content-Length: 5"]))
            #expect(try await client.response().status == 100)
            #expect(intake.received.isEmpty)
            try await client.send("hello")
            #expect(try await client.response().status == 200)
            #expect(try await client.ask(request(headers: ["Expect: 200-ok"], body: "x")).status == 417)
            #expect(intake.received.count == 1)
        }
    }

    @Test(arguments: [
        ["Content-Length: 3", "Content-Length: 4"], ["Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Content-Length: -1"], ["Content-Length: 0x4"], ["Content-Length: 99999999999999999999"],
        ["Transfer-Encoding: chunked, identity"], ["Bad Name: 1"], ["X: a\u{0}b"], [" folded: 1"],
    ])
    func whatCanBeReadInTwoWaysIsRefused(_ headers: [String]) async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            let answer = try await client.ask(request(headers: headers) + "4\r\nbody\r\n0\r\n\r\n")
            #expect(answer.status == 400)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.receiveToEnd() == "")
            #expect(intake.received.isEmpty)
        }
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "POST /webhooks/a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}", "GET / HTTP/2.0\r\n\r\n",
    ])
    func whatIsNoHTTPIsRefused(_ text: String) async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(text)
            let answer = await client.receiveToEnd()
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(intake.received.isEmpty)
        }
    }

    @Test func otherMethodsAndPaths() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            let wrong = try await client.ask(request("DELETE"))
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET, HEAD, POST")
            let unhealthy = try await client.ask(request("POST", "/health", headers: ["Content-Length: 0"]))
            #expect(unhealthy.status == 405)
            #expect(unhealthy.headers["allow"] == "GET, HEAD")
            let unknown = try await client.ask(request("GET", "/secret-of-mine?key=value"))
            #expect(unknown.status == 404)
            #expect(unknown.body == #"{"error":"not found"}"#)
            #expect(unknown.headers["content-type"] == "application/json")
            #expect(intake.received.isEmpty)
        }
    }

    @Test func whoAsksForTheHeadGetsItAlone() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            try await client.send(request("HEAD", "/health"))
            let head = try await client.response(hasBody: false)
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == "54")
            try await client.send(request("HEAD", "/webhooks/a"))
            #expect(try await client.response(hasBody: false).headers["content-length"] == "2")
            #expect(intake.received.map(\.request.method) == ["GET"])
            // Had there been a body, this would begin with it.
            #expect(
                try await client.ask(request("GET", "/health")).body
                    == #"{"accepting":true,"degraded":false,"dispatching":true}"#)
        }
    }

    @Test func anEmptyAnswerHasNoBody() async throws {
        try await withServer(intake: ScriptedIntake(answer: WebhookAnswer(status: 204))) { server, _ in
            let client = try await RawClient(server)
            let answer = try await client.ask(request(body: "x"))
            #expect(answer.status == 204)
            #expect(answer.headers["content-length"] == nil)
            #expect(answer.headers["transfer-encoding"] == nil)
            #expect(try await client.ask(request(body: "x")).status == 204)
        }
    }

    @Test func theOldVersionEndsWithItsAnswer() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            try await client.send(request("GET", "/health", version: "1.0"))
            #expect(await client.receiveToEnd().hasSuffix(#"{"accepting":true,"degraded":false,"dispatching":true}"#))
        }
    }
}
