internal import ApusClient
internal import Foundation
internal import Glibc
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// What the log of a real daemon tells, and what it never does.
    @Suite struct LogTests {
        private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        private static let wrongKey = "apus_wrongWRONGwrongWRONGwrongWRONGwrong"
        private static let numbers = (0..<20).map { "+49151123456\(10 + $0)" } + (1...9).map { "+1500555000\($0)" }
        private static let secrets = [
            "Confidential body", "Confidential in the wrong field", "Confidential_variable", "Confidential value",
        ]

        /// Calls that meet everything that is told.
        private static var calls: [(RPCMethod, any WireMessage, idempotencyKey: String)] {
            var calls: [(RPCMethod, any WireMessage, idempotencyKey: String)] = numbers.map {
                (.send, SendRequest(to: $0, body: "Confidential body"), "")
            }
            var later = SendRequest(to: numbers[0], body: "Confidential body later")
            later.sendAt = Int64(Date.now.timeIntervalSince1970 * 1000) + 3_600_000
            let other = SendRequest(to: numbers[1], body: "Confidential body of another")
            calls += [(.send, later, "k"), (.send, later, "k"), (.send, other, "k")]
            for bad in ["+4915112345", "4915112345610", "+49 151 12345610", "Confidential in the wrong field", ""] {
                calls.append((.send, SendRequest(to: bad, body: "Confidential body"), ""))
            }
            var unsendable = SendRequest(to: numbers[2], sender: "+4915112345612x", body: "Confidential body")
            unsendable.tags = ["Confidential in the wrong field", ""]
            calls.append((.send, unsendable, ""))
            let items = ["+4915112345610", "+491511", "x"].map { SendRequest(to: $0, body: "Confidential body") }
            calls.append((.bulk, BulkRequest(batch: "b", firstIndex: 0, content: .messages(items)), ""))
            let variables = [
                BulkRequest.Variable(name: "name", value: "Confidential value"),
                BulkRequest.Variable(name: "Confidential_variable", value: "Confidential value"),
            ]
            let recipients = [variables, Array(variables.prefix(1))].map {
                BulkRequest.Recipient(to: "+4915112345610", variables: $0)
            }
            let template = SendRequest(body: "Confidential body for {{name}}")
            calls.append(
                (.bulk, BulkRequest(batch: "t", firstIndex: 0, content: .template(template, recipients)), ""))
            let broken = SendRequest(body: "Confidential body {{+4915112345610}}")
            calls.append((.bulk, BulkRequest(batch: "u", firstIndex: 0, content: .template(broken, recipients)), ""))
            return calls
        }

        private func run(_ daemon: DaemonProcess) async throws {
            let socket = try PlainSocket(port: daemon.port)
            var bytes = PlainFrames.hello(key: daemon.key)
            var callID: UInt32 = 0
            for (method, message, key) in Self.calls {
                callID += 1
                bytes += PlainFrames.request(
                    callID, method, message, idempotencyKey: key, requestID: "request-\(callID)",
                    traceparent: Self.traceparent)
            }
            // A key of its own that is wrong, twice.
            for _ in 0..<2 {
                callID += 1
                bytes += PlainFrames.request(callID, .stats, StatsRequest(), key: Self.wrongKey)
            }
            try await socket.send(bytes)
            _ = try await socket.receiveFrames(Int(callID) + 1)
            let stranger = try PlainSocket(port: daemon.port)
            try await stranger.send(PlainFrames.hello(key: Self.wrongKey))
            _ = try await stranger.receiveToEnd()

            let client = daemon.client()
            var later = OutgoingMessage(to: "+4915112345610", body: "Confidential body")
            later.sendAt = .now + 3600
            let receipt = try await client.send(later)
            _ = try await client.cancel([receipt.id])
            await client.close()
            for message in Self.told {
                try await waitUntil("\"\(message)\" is logged") { daemon.log.contains("\"message\":\"\(message)\"") }
            }
        }

        private static let told = [
            "connection opened", "authentication failed", "messages are refused", "message refused",
            "message accepted", "message was accepted before", "message handed over", "message sent",
            "message delivered", "message rejected by the provider", "message failed",
            "message throttled by the provider", "message not taken: the provider is unavailable",
            "message perhaps sent: the provider's answer was lost", "message undelivered", "receipt ignored",
            "message canceled", "a provider does not take all messages",
        ]

        private func lines(_ log: String) throws -> [[String: String]] {
            try log.split(separator: "\n").map { line in
                #expect(line.hasPrefix("{\"at\":\"20"), "\(line)")
                return try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(line)")
            }
        }

        private static let settings = [
            "log-level": "trace", "dispatch.retry-base-ms": "50", "dispatch.retry-cap-ms": "200",
            "sandbox.faults.throttled": "0.1", "sandbox.faults.rejected": "0.1", "sandbox.faults.unknown": "0.1",
        ]

        @Test(.timeLimit(.minutes(5))) func noNumbersBodiesOrKeys() async throws {
            let directory = TestDirectory()
            let daemon = try await DaemonProcess.start(in: directory, Self.settings)
            try await run(daemon)
            #expect(try await daemon.stop() == .code(0))
            let log = daemon.log
            let secrets = Self.secrets + Self.numbers.map { String($0.dropFirst()) }
            for secret in secrets + [String(daemon.key.dropFirst(5)), String(Self.wrongKey.dropFirst(5))] {
                #expect(!log.contains(secret), "\(secret)")
            }
            let lines = try lines(log)
            #expect(lines.contains { $0["to"] == "+49…10" && $0["body"] == "17 characters" })

            // Who asked is known for each, and can be joined.
            let steps = lines.filter { $0["id"] != nil && $0["request_id"] != nil }
            #expect(steps.count > 100)
            #expect(
                steps.allSatisfy {
                    $0["tenant"] == "dev" && $0["trace_id"] == String(Self.traceparent.dropFirst(3).prefix(32))
                })
            let delivered = try #require(lines.first { $0["message"] == "message delivered" })
            #expect(lines.filter { $0["id"] == delivered["id"] }.count >= 4)

            // At most one line a minute for each address.
            let failures = lines.filter { $0["message"] == "authentication failed" }
            #expect(failures.count == 1 && failures[0]["level"] == "warning")
            #expect(failures[0]["peer"]?.hasPrefix("127.0.0.1:") == true)
            let opened = lines.filter { $0["message"] == "connection opened" }
            #expect(Set(opened.compactMap { $0["peer"]?.prefix { $0 != ":" } }) == ["127.0.0.1", "unix"])
        }

        @Test(.timeLimit(.minutes(5))) func whoAsksForThemGetsNumbersAndBodies() async throws {
            let directory = TestDirectory()
            let settings = Self.settings.merging(["log-numbers": "full", "log-bodies": "full"]) { $1 }
            let daemon = try await DaemonProcess.start(in: directory, settings)
            try await run(daemon)
            #expect(try await daemon.stop() == .code(0))
            let lines = try lines(daemon.log)
            for number in Self.numbers { #expect(lines.contains { $0["to"] == number }, "\(number)") }
            #expect(lines.contains { $0["body"] == "Confidential body" })
            for key in [daemon.key, Self.wrongKey] { #expect(!daemon.log.contains(key.dropFirst(5))) }
        }

        @Test(.timeLimit(.minutes(5))) func byDefaultItIsSilentAboutMessages() async throws {
            let directory = TestDirectory()
            let daemon = try await DaemonProcess.start(in: directory)
            let client = daemon.client()
            for index in 0..<50 {
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "\(index)"))
                _ = try? await client.send(OutgoingMessage(to: "+1", body: "\(index)"))
            }
            await client.close()
            #expect(try await daemon.stop() == .code(0))
            let lines = try lines(daemon.log)
            #expect(lines.filter { $0["message"] == "messages are refused" }.count == 1)
            #expect(lines.count < 10, "\(daemon.log)")
        }

        /// The one who should read the log does not: the daemon serves on, and tells what was lost once somebody reads.
        @Test(.timeLimit(.minutes(5))) func aLogThatNobodyReadsHoldsNobodyUp() async throws {
            let directory = TestDirectory()
            let pipe = directory.path + "/log.pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            // Open for both, it is there at once, and stays.
            let daemon = try await DaemonProcess.start(
                in: directory, ["log-level": "debug"],
                launcher: ["/bin/sh", "-c", "exec 2<>\"$0\" && exec \"$@\"", pipe])
            let client = daemon.client()
            let messages = (0..<4000).map { OutgoingMessage(to: "+14155550100", body: "\($0)") }
            let report = try await client.bulk(messages, batch: "b")
            #expect(report.accepted == 4000)
            let batch = try await client.waitUntilSettled(batch: .name("b"), timeout: .seconds(60))
            #expect(batch.settled == 4000)

            let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            var log: [UInt8] = []
            try await waitUntil("what was lost is told") {
                var block = [UInt8](repeating: 0, count: 65_536)
                while case let count = read(reader, &block, block.count), count > 0 { log += block[..<count] }
                return String(decoding: log, as: UTF8.self).contains("log lines were dropped")
            }
            let lines = try lines(String(decoding: log, as: UTF8.self))
            let dropped = lines.filter { $0["message"]?.hasPrefix("log lines were dropped") == true }
            #expect(dropped.allSatisfy { $0["lines"].flatMap(Int.init) ?? 0 > 0 })
            #expect(lines.filter { $0["message"] == "message accepted" }.count > 100)
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        /// A message that waits is known by its request after a restart too.
        @Test(.timeLimit(.minutes(5))) func tracesOutliveARestart() async throws {
            let directory = TestDirectory()
            let daemon = try await DaemonProcess.start(in: directory, ["log-level": "debug"])
            let socket = try PlainSocket(port: daemon.port)
            #expect(try await daemon.apus("pause").exit == .code(0))
            let request = SendRequest(to: Self.numbers[0], body: "Confidential body")
            try await socket.send(
                PlainFrames.hello(key: daemon.key)
                    + PlainFrames.request(
                        1, .send, request, requestID: "request-1", traceparent: Self.traceparent))
            _ = try await socket.receiveFrames(2)
            try await daemon.kill()
            let again = try await DaemonProcess.start(in: directory, ["log-level": "debug"])
            #expect(try await again.apus("resume").exit == .code(0))
            try await waitUntil("it is sent") { again.log.contains("message delivered") }
            #expect(try await again.stop() == .code(0))
            let steps = try lines(again.log).filter { $0["id"] != nil }
            #expect(steps.map { $0["message"] } == ["message handed over", "message sent", "message delivered"])
            #expect(steps.allSatisfy { $0["request_id"] == "request-1" && $0["traceparent"] == Self.traceparent })
            #expect(try lines(again.log).contains { $0["message"] == "administrative act" && $0["verb"] == "resume" })
        }
    }
}
