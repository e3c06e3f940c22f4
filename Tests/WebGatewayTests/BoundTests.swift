internal import GatewayTestKit
internal import NIOCore
internal import NIOEmbedded
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import WebGateway

/// Bounds of sizes, times and numbers, each met and passed.
@Suite(.timeLimit(.minutes(2))) struct BoundTests {
    @Test func theLargestBody() async throws {
        try await withServer { server, intake in
            let largest = String(repeating: "x", count: Limits.webhookBodyBytes)
            let client = try await RawClient(server)
            #expect(try await client.ask(request(body: largest)).status == 200)
            let answer = try await client.ask(request(body: largest + "x"))
            #expect(answer.status == 413)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.receiveToEnd() == "")
            #expect(intake.received.map(\.request.body.count) == [Limits.webhookBodyBytes])
        }
    }

    @Test func aBodyThatDoesNotSayHowLargeItIs() async throws {
        try await withServer { server, intake in
            func chunks(_ count: Int) -> String {
                let half = String(repeating: "x", count: count / 2)
                let rest = String(repeating: "x", count: count - half.utf8.count)
                return request(headers: ["Transfer-Encoding: chunked"])
                    + [half, rest].map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
            }
            let client = try await RawClient(server)
            #expect(try await client.ask(chunks(Limits.webhookBodyBytes)).status == 200)
            #expect(try await client.ask(chunks(Limits.webhookBodyBytes + 1)).status == 413)
            #expect(intake.received.count == 1)
        }
    }

    @Test func theLargestHead() async throws {
        try await withServer { server, intake in
            func padded(_ bytes: Int) -> String {
                // Method, target and the header Host are of it too.
                request("GET", "/webhooks/a?" + String(repeating: "q", count: bytes))
            }
            let client = try await RawClient(server)
            #expect(try await client.ask(padded(Limits.webHeadBytes - 100)).status == 200)
            #expect(try await client.ask(padded(Limits.webHeadBytes)).status == 400)
            let other = try await RawClient(server)
            let header = "X: " + String(repeating: "v", count: Limits.webHeadBytes)
            #expect(try await other.ask(request("GET", headers: [header])).status == 400)
            #expect(intake.received.count == 1)
        }
    }

    @Test func theMostHeaders() async throws {
        try await withServer { server, _ in
            func headers(_ count: Int) -> [String] { (0..<count).map { "X-\($0): 1" } }
            let client = try await RawClient(server)
            #expect(try await client.ask(request("GET", headers: headers(Limits.webHeaders - 1))).status == 200)
            #expect(try await client.ask(request("GET", headers: headers(Limits.webHeaders))).status == 400)
        }
    }

    @Test(arguments: [
        "", "POST /webhooks/a HTTP/1.1\r\nHo", request(headers: ["Content-Length: 5"]) + "four",
        request(headers: ["Transfer-Encoding: chunked"]) + "4\r\nbody\r\n",
    ])
    func whoIsTooSlowIsCutOff(_ text: String) async throws {
        try await withServer {
            $0.stepTimeout = .milliseconds(50)
        } _: { server, intake in
            let client = try await RawClient(server)
            try await client.send(text)
            #expect(await client.receiveToEnd() == "")
            #expect(intake.received.isEmpty)
        }
    }

    @Test func whoTakesNoAnswersIsCutOff() async throws {
        let large = WebhookAnswer(status: 200, contentType: "text/plain", body: String(repeating: "x", count: 1 << 20))
        try await withServer(intake: ScriptedIntake(answer: large)) {
            $0.stepTimeout = .milliseconds(200)
        } _: { server, _ in
            let client = try await RawClient(server)
            try await client.stopReading()
            try await client.send(String(repeating: request("GET"), count: 100))
            try await until { server.connectionCount == 0 }
        }
    }

    @Test func aBodyCutShortIsNoBody() async throws {
        try await withServer { server, intake in
            for text in [
                request(headers: ["Content-Length: 5"]) + "four",
                request(headers: ["Transfer-Encoding: chunked"]) + "4\r\nbody\r\n",
            ] {
                let client = try await RawClient(server)
                try await client.send(text)
                try await client.finish()
                _ = await client.receiveToEnd()
            }
            #expect(intake.received.isEmpty)
        }
    }

    @Test func connectionsBeyondTheBoundAreTold() async throws {
        try await withServer {
            $0.connections = 2
            $0.connectionsRefused = 1
        } _: { server, intake in
            let served = [try await RawClient(server), try await RawClient(server)]
            for client in served { #expect(try await client.ask(request(body: "x")).status == 200) }
            let refused = try await RawClient(server)
            let closed = try await RawClient(server)
            #expect(await closed.receiveToEnd() == "")
            let answer = try await refused.ask(request(body: "x"))
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "\(Limits.webRetryAfterSeconds)")
            #expect(await refused.receiveToEnd() == "")
            try await refused.close()
            try await served[0].close()
            try await until { server.connectionCount <= 1 }
            #expect(try await RawClient(server).ask(request(body: "x")).status == 200)
            #expect(intake.received.count == 3)
        }
    }

    @Test func webhooksBeyondTheBoundAreTold() async throws {
        try await withServer(intake: ScriptedIntake(holds: true)) {
            $0.webhooksInFlight = 2
        } _: { server, intake in
            let first = [try await RawClient(server), try await RawClient(server)]
            for client in first { try await client.send(request(body: "x")) }
            try await intake.wait(2)
            let third = try await RawClient(server)
            let answer = try await third.ask(request(body: "x"))
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "\(Limits.webRetryAfterSeconds)")
            // Who watches over the gateway needs to know all the more.
            #expect(try await RawClient(server).ask(request("GET", "/health")).status == 200)
            intake.release()
            for client in first { #expect(try await client.response().status == 200) }
            #expect(try await RawClient(server).ask(request(body: "x")).status == 200)
            #expect(intake.received.count == 3)
        }
    }

    /// A name that no provider has is answered before a byte of the body has come.
    @Test func aProviderThatIsNotThereIsToldBeforeTheBody() async throws {
        try await withServer { server, intake in
            let client = try await RawClient(server)
            let head = request("POST", "/webhooks/\(ScriptedIntake.nobody)", headers: ["Content-Length: 1000"])
            let answer = try await client.ask(head)
            #expect(answer.status == 404)
            #expect(answer.body == #"{"error":"no provider of this name takes webhooks"}"#)
            #expect(await client.receiveToEnd() == "")
            #expect(intake.received.isEmpty)
        }
    }

    /// What posts slowly takes no place of those whose posts are whole.
    @Test func onlyWholeBodiesCount() async throws {
        try await withServer {
            $0.webhooksInFlight = 1
        } _: { server, intake in
            var slow: [RawClient] = []
            for _ in 0..<20 {
                let client = try await RawClient(server)
                try await client.send(request(headers: ["Content-Length: 1000"]) + "half")
                slow.append(client)
            }
            #expect(try await RawClient(server).ask(request(body: "x")).status == 200)
            #expect(intake.received.count == 1)
            for client in slow { try await client.close() }
        }
    }

    /// All bodies together have a bound, which counts what has come of them.
    @Test func bodiesThatComeInHaveABoundTogether() async throws {
        try await withServer {
            $0.bodyBytes = 1000
        } _: { server, _ in
            let first = try await RawClient(server)
            try await first.send(request(headers: ["Content-Length: 900"]) + String(repeating: "x", count: 800))
            let second = try await RawClient(server)
            // What has been sent may not have been read.
            try await until { try await second.ask(request(body: String(repeating: "x", count: 201))).status == 503 }
            let third = try await RawClient(server)
            #expect(try await third.ask(request(body: String(repeating: "x", count: 200))).status == 200)
            #expect(try await first.ask(String(repeating: "x", count: 100)).status == 200)
            #expect(
                try await third.ask(request(body: String(repeating: "x", count: 1000))).status == 200)
        }
    }

    /// A body that trickles is cut off long before the time that a whole request has.
    @Test func aBodyComesAtALeastRate() async throws {
        try await withServer {
            $0.stepTimeout = .seconds(60)
            $0.bodyGrace = .milliseconds(50)
            $0.bodyBytesPerSecond = 1000
        } _: { server, intake in
            let trickle = try await RawClient(server)
            try await trickle.send(request(headers: ["Content-Length: 100"]) + "x")
            #expect(await trickle.receiveToEnd() == "")
            // What has come buys time at the rate: 1,000,000 bytes a thousand seconds, which is more than a step has.
            let client = try await RawClient(server)
            let half = String(repeating: "x", count: Limits.webhookBodyBytes / 2)
            try await client.send(request(headers: ["Content-Length: \(Limits.webhookBodyBytes)"]) + half)
            #expect(try await client.ask(half).status == 200)
            #expect(intake.received.count == 1)
        }
    }

    @Test func oneAddressHasItsShareOfConnections() throws {
        let connections = OpenConnections(served: 10, refused: 2, perAddress: 3)
        let (one, other) = (PeerOrigin(address: "192.0.2.1"), PeerOrigin(address: "192.0.2.2"))
        var channels = (0..<4).map { _ in EmbeddedChannel() }
        #expect(channels.map { connections.add($0, from: one) } == [.served, .served, .served, .closed])
        #expect(connections.add(EmbeddedChannel(), from: other) == .served)
        #expect(connections.count == 4)
        _ = try channels[0].finish()
        channels[0] = EmbeddedChannel()
        #expect(connections.add(channels[0], from: one) == .served)
        // A proxy has no share: only the bounds over all hold.
        let proxied = (0..<9).map { _ in connections.add(EmbeddedChannel(), from: nil) }
        #expect(proxied == [.served, .served, .served, .served, .served, .served, .refused, .refused, .closed])
    }

    /// A client of a proxy is counted by what the proxy says, if it is one that was named.
    @Test func clientsOfAProxyHaveTheirShares() async throws {
        try await withServer(intake: ScriptedIntake(holds: true)) {
            $0.connectionsPerAddress = 1
            $0.proxies = [.ipv4(0x7F00_0001)]
        } _: { server, intake in
            func post(_ forwarded: String...) -> String {
                request(headers: forwarded.map { "X-Forwarded-For: \($0)" }, body: "x")
            }
            let first = try await RawClient(server)
            try await first.send(post("198.51.100.9, 192.0.2.1"))
            try await intake.wait(1)
            // The last address counts, whatever its client wrote before it.
            for wrote in [["192.0.2.1"], ["198.51.100.10, 192.0.2.1"], ["192.0.2.7", "192.0.2.1"]] {
                let client = try await RawClient(server)
                let text = request(headers: wrote.map { "X-Forwarded-For: \($0)" }, body: "x")
                #expect(try await client.ask(text).status == 503, "\(wrote)")
            }
            let others = [try await RawClient(server), try await RawClient(server)]
            try await others[0].send(post("192.0.2.2"))
            try await others[1].send(post("no address"))
            try await intake.wait(3)
            intake.release()
            #expect(try await first.response().status == 200)
            #expect(try await RawClient(server).ask(post("192.0.2.1")).status == 200)
        }
    }

    @Test func nobodyElseIsBelievedAboutAddresses() async throws {
        try await withServer(intake: ScriptedIntake(holds: true)) {
            $0.connectionsPerAddress = 1
            $0.proxies = [.ipv4(0x0A00_0001)]
        } _: { server, intake in
            let clients = [try await RawClient(server), try await RawClient(server)]
            for client in clients {
                try await client.send(request(headers: ["X-Forwarded-For: 192.0.2.1"], body: "x"))
            }
            try await intake.wait(2)
            intake.release()
            for client in clients { #expect(try await client.response().status == 200) }
        }
    }

    @Test func whoIsRefusedHoldsNoPlace() async throws {
        try await withServer {
            $0.webhooksInFlight = 1
        } _: { server, _ in
            let refused = try await RawClient(server)
            let length = "Content-Length: \(Limits.webhookBodyBytes + 1)"
            #expect(try await refused.ask(request(headers: [length])).status == 413)
            #expect(try await RawClient(server).ask(request(body: "x")).status == 200)
        }
    }

    @Test func manyAtOnce() async throws {
        try await withServer { server, intake in
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let client = try await RawClient(server)
                        for _ in 0..<5 {
                            let status = try await client.ask(request(body: "number=\(number)")).status
                            #expect(status == 200)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(intake.received.count == 1000)
        }
    }
}
