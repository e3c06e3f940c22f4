internal import Foundation
internal import GatewayTestKit
internal import Testing

extension DaemonTests {
    /// The stand-in for Twilio, judged by Twilio's own library.
    @Suite struct CarrierStandInTests {
        private let directory = TestDirectory()
        private static let count = 60

        /// Creates messages by curl, one after the other, each on a connection of its own: on one that was used before,
        /// curl repeats what was not answered.
        private func post(_ carrier: CarrierProcess, callback: String) async throws {
            let url = "\(carrier.url)/2010-04-01/Accounts/\(CarrierProcess.account)/Messages.json"
            var words: [String] = []
            for number in 0..<Self.count {
                if number > 0 { words.append("--next") }
                words += ["--silent", "--noproxy", "*", "--max-time", "5", "--output", "/dev/null"]
                words += ["--header", "Connection: close"]
                words += ["--user", "\(CarrierProcess.account):\(CarrierProcess.token)", url]
                for field in [
                    "To=+14155550100", "From=+15017122661", "Body=it's \(number) & \"é\" + %",
                    "StatusCallback=\(callback)?tenant=t%20x&number=\(number)",
                ] {
                    words += ["--data-urlencode", field]
                }
            }
            _ = try await CommandRun.run("curl", words, in: directory)
        }

        private struct Question: Encodable {
            var url: String
            var body: String
            var signature: String

            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(CarrierProcess.token)
                try list.encode(url)
                try list.encode(body)
                try list.encode(signature)
            }
        }

        @Test(.timeLimit(.minutes(5))) func twiliosLibraryBelievesItsCallbacksAndNoForgedOnes() async throws {
            let server = try await ScriptedHTTPServer { _ in .answer(204) }
            let carrier = try await CarrierProcess.start("east", in: directory, ["--faults", "--seed", "3"])
            let prefix = "http://127.0.0.1:\(server.port)"
            try await post(carrier, callback: prefix + "/webhooks/east")
            try await waitUntil("all callbacks are posted") {
                try await carrier.progress().pendingCallbacks == 0
            }
            let ledger = try await carrier.ledger()
            #expect(ledger.requests == Self.count)
            #expect((30..<Self.count).contains(ledger.messages.count))
            let requests = server.requests
            let questions = requests.map { request in
                Question(
                    url: prefix + request.target, body: String(decoding: request.body, as: UTF8.self),
                    signature: request.header("x-twilio-signature") ?? "")
            }
            let verdicts = try Oracle("twilio_client.py", "validate").answers(to: questions, as: Bool.self)
            let forged = ledger.messages.map(\.forged).reduce(0, +)
            #expect(verdicts.count == requests.count && forged > 0)
            #expect(verdicts.count { !$0 } == forged)
            // Each final state was told, and that which was told with a good signature is the ledger's.
            for message in ledger.messages {
                let told = zip(questions, verdicts).filter { $0.0.body.contains(message.sid) && $0.1 }
                    .compactMap { $0.0.body.split(separator: "MessageStatus=").last?.split(separator: "&").first }
                #expect(Set(told).subtracting(["sent"]) == [Substring(message.final)])
                #expect(message.isTold)
            }
            await server.stop()
        }

        @Test(.timeLimit(.minutes(5))) func outOfReachForAWhile() async throws {
            let carrier = try await CarrierProcess.start(
                "east", in: directory, ["--outage-after", "20", "--outage-seconds", "1"])
            try await post(carrier, callback: "http://127.0.0.1:1/")
            let messages = try await eventually("it is back") { try? await carrier.progress().messages }
            #expect(messages == 20)
        }
    }
}
