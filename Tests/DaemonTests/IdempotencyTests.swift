internal import ApusClient
internal import Testing

extension DaemonTests {
    /// The same key twice.
    @Suite struct IdempotencyTests {
        private let message = OutgoingMessage(to: "+14155550100", body: "only once")

        @Test(.timeLimit(.minutes(5))) func inFlightAtTheSameMomentItIsOneMessage() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                let others = (0..<3).map { _ in daemon.client() }
                for round in 0..<Size.pick(short: 20, long: 500) {
                    let receipts = try await withThrowingTaskGroup(of: SendReceipt.self) { group in
                        for other in others + others + others + others {
                            group.addTask { try await other.send(message, idempotencyKey: "round \(round)") }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(Set(receipts.map(\.id)).count == 1)
                    #expect(receipts.count { !$0.duplicate } == 1)
                }
                for other in others { await other.close() }
            }
            let file = try SandboxFile(in: directory)
            #expect(file.lines.count == Size.pick(short: 20, long: 500))
        }

        @Test(.timeLimit(.minutes(5))) func laterAndOverRestartsItIsTheSameMessage() async throws {
            let directory = TestDirectory()
            var daemon = try await DaemonProcess.start(in: directory)
            let client = daemon.client()
            let first = try await client.send(message, idempotencyKey: "k")
            #expect(!first.duplicate)
            for restart in 0..<4 {
                let again = try await client.send(message, idempotencyKey: "k")
                #expect(again.id == first.id)
                #expect(again.duplicate)
                // Another content under the key is refused, and records nothing.
                for other in [
                    OutgoingMessage(to: "+14155550101", body: message.body),
                    OutgoingMessage(to: message.to, body: "something else"),
                    OutgoingMessage(to: message.to, body: message.body, priority: .urgent),
                ] {
                    let error = await #expect(throws: ApusError.self) {
                        try await client.send(other, idempotencyKey: "k")
                    }
                    #expect(error?.code == .alreadyExists)
                }
                if restart % 2 == 0 { try await daemon.kill() } else { #expect(try await daemon.stop() == .code(0)) }
                daemon = try await DaemonProcess.start(in: directory)
            }
            #expect(try await client.statistics().states.total == 1)
            await client.close()
            #expect(try await daemon.stop() == .code(0))
            #expect(try SandboxFile(in: directory).lines.count == 1)
        }

        @Test(.timeLimit(.minutes(5))) func aPlaceInABatchIsAKeyToo() async throws {
            let directory = TestDirectory()
            var daemon = try await DaemonProcess.start(in: directory)
            let client = daemon.client()
            let messages = (0..<120).map { OutgoingMessage(to: Load.number($0), body: "row \($0)") }
            var options = BulkOptions()
            options.messagesPerChunk = 50
            let part = try await client.bulk(messages.prefix(70), batch: "b", options: options)
            #expect(part.accepted == 70)
            try await daemon.kill()
            daemon = try await DaemonProcess.start(in: directory)
            let whole = try await client.bulk(messages, batch: "b", options: options)
            #expect(whole.accepted == 50)
            #expect(whole.duplicates == 70)
            #expect(whole.batchID == part.batchID)
            let changed = try await client.bulk(
                [OutgoingMessage(to: "+14155550100", body: "another")], batch: "b", options: options)
            #expect(changed.accepted == 0)
            #expect(changed.refusals.map(\.code) == [.alreadyExists])
            // What the provider had at the kill stays unknown: it is settled by no receipt.
            try await waitUntil("nothing waits") {
                let states = try await client.status(of: .name("b")).states
                return states[.queued] + states[.submitting] == 0
            }
            let status = try await client.status(of: .name("b"))
            #expect(status.messages == 120)
            #expect(status.states.total == 120)
            await client.close()
            #expect(try await daemon.stop() == .code(0))
            let taken = Dictionary(grouping: try SandboxFile(in: directory).lines, by: \.body)
            #expect(taken.values.allSatisfy { $0.count == 1 })
        }
    }
}
