internal import GatewayTestKit
internal import NIOCore
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
