internal import ApusClient
internal import Foundation
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// Messages that are found without their ids.
    @Suite struct ListingTests {
        private let directory = TestDirectory()

        private func list(_ client: GatewayClient, _ filter: ApusClient.MessageFilter) async throws -> [String] {
            var found: [String] = []
            for try await message in client.list(filter) { found.append(message.reference) }
            return found
        }

        private func send(_ client: GatewayClient, to: String, _ reference: String) async throws -> SendReceipt {
            var message = OutgoingMessage(to: to, body: "hello")
            message.reference = reference
            return try await client.send(message)
        }

        @Test(.timeLimit(.minutes(5))) func conditionsAllHold() async throws {
            try await withDaemon(in: directory, ["sandbox.receipt-delay-ms": "0"]) { daemon, client in
                var ids: [ApusClient.MessageID] = []
                for (to, reference) in [
                    ("+14155550100", "a"), ("+15005550001", "b"), ("+14155550100", "c"), ("+15005550006", "d"),
                ] {
                    ids.append(try await send(client, to: to, reference).id)
                }
                let report = try await client.waitUntilSettled(ids, timeout: .seconds(60))
                #expect(report.messages.map(\.state) == [.delivered, .failed, .delivered, .undelivered])
                #expect(try await list(client, ApusClient.MessageFilter()) == ["d", "c", "b", "a"])
                #expect(try await list(client, ApusClient.MessageFilter(states: [.failed])) == ["b"])
                #expect(
                    try await list(client, ApusClient.MessageFilter(states: [.undelivered, .failed])) == ["d", "b"])
                #expect(try await list(client, ApusClient.MessageFilter(to: "+14155550100")) == ["c", "a"])
                #expect(try await list(client, ApusClient.MessageFilter(states: [.failed], to: "+14155550100")) == [])
                let third = report.messages[2].acceptedAt
                let times = report.messages.map(\.acceptedAt)
                let since = try await list(client, ApusClient.MessageFilter(since: third))
                let until = try await list(client, ApusClient.MessageFilter(until: third))
                #expect(since == zip(["a", "b", "c", "d"], times).filter { $0.1 >= third }.map(\.0).reversed())
                #expect(until == zip(["a", "b", "c", "d"], times).filter { $0.1 < third }.map(\.0).reversed())

                #expect(try await client.status(reference: "c").map(\.id) == [ids[2]])
                #expect(try await client.status(reference: "z").isEmpty)
                let delivered = report.messages[0]
                #expect(try await client.status(providerID: delivered.providerID) == [delivered])
                #expect(try await client.describe().methods.contains("List"))
            }
        }

        @Test(.timeLimit(.minutes(5))) func aRareMessageIsFoundBehindMoreThanAPageExamines() async throws {
            try await withDaemon(in: directory) { daemon, client in
                _ = try await client.pause(.everything)
                let first = try await send(client, to: "+447400123456", "first").id
                let many = (0..<Limits.listRowsExamined + 500).lazy.map {
                    OutgoingMessage(to: Load.number($0), body: "one of many")
                }
                #expect(try await client.bulk(many, batch: "many").accepted == UInt64(Limits.listRowsExamined + 500))
                let filter = ApusClient.MessageFilter(to: "+447400123456")
                let empty = try await client.page(of: filter)
                #expect(empty.messages.isEmpty)
                let cursor = try #require(empty.cursor)
                let last = try await client.page(of: filter, after: cursor)
                #expect(last.messages.map(\.id) == [first])
                #expect(last.cursor == nil)
                #expect(try await list(client, filter) == ["first"])

                // All of a batch, in the order of its places, by pages as large as they may be.
                var ids: [ApusClient.MessageID] = []
                var sizes: Set<Int> = []
                var next: ApusClient.ListCursor?
                repeat {
                    let page = try await client.page(
                        of: ApusClient.MessageFilter(batch: .name("many")), oldestFirst: true, limit: 1000, after: next)
                    ids += page.messages.map(\.id)
                    sizes.insert(page.messages.count)
                    next = page.cursor
                } while next != nil
                #expect(ids.count == Limits.listRowsExamined + 500)
                #expect(ids == ids.sorted() && Set(ids).count == ids.count)
                #expect(sizes.max() == 1000)
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatIsWrongIsNamed() async throws {
            try await withDaemon(in: directory) { daemon, client in
                func violations(
                    _ filter: ApusClient.MessageFilter, limit: Int = 100, _ cursor: [UInt8] = []
                ) async -> [String] {
                    let error = await #expect(throws: ApusError.self) {
                        _ = try await client.page(of: filter, limit: limit, after: ApusClient.ListCursor(bytes: cursor))
                    }
                    #expect(error?.code == .invalidArgument)
                    return error?.violations.map(\.field) ?? []
                }
                let now = Date()
                let backwards = ApusClient.MessageFilter(
                    since: now, until: now.addingTimeInterval(-1), to: "4155550100")
                #expect(await violations(ApusClient.MessageFilter(), limit: 1001) == ["limit"])
                #expect(await violations(backwards, [9]) == ["from_ms", "to", "cursor"])
                let good = SMSModel.ListCursor(last: SMSModel.MessageID(rawValue: 4096)).bytes
                for cursor in [
                    Array(good.dropLast()), good + [0], [2] + good.dropFirst(), [UInt8](repeating: 1, count: 65),
                ] {
                    #expect(await violations(ApusClient.MessageFilter(), cursor) == ["cursor"])
                }
                let foreign = await #expect(throws: ApusError.self) {
                    _ = try await client.page(of: ApusClient.MessageFilter(batch: .name("nobody's")))
                }
                #expect(foreign?.code == .notFound)

                // What is well formed is answered, with its own messages at most: another filter's cursor, too.
                let id = try await send(client, to: "+14155550100", "mine").id
                let last = SMSModel.ListCursor(last: SMSModel.MessageID(rawValue: id.rawValue)).bytes
                let cursor = ApusClient.ListCursor(bytes: last)
                #expect(try await client.page(after: cursor).messages.isEmpty)
                #expect(
                    try await client.page(oldestFirst: true, after: ApusClient.ListCursor(bytes: good)).messages.map(
                        \.id) == [id])
                let same = ApusClient.MessageFilter(since: now, until: now)
                #expect(try await client.page(of: same).messages.isEmpty)
                #expect(try await client.page(limit: 1000).messages.map(\.id) == [id])
            }
        }

        @Test(.timeLimit(.minutes(5))) func aSmallFrameCutsThePage() async throws {
            try await withDaemon(in: directory) { daemon, client in
                _ = try await client.pause(.everything)
                let tags = (0..<Limits.tags).map { "\($0)" + String(repeating: "t", count: 60) }
                let messages = (0..<300).map {
                    var message = OutgoingMessage(to: Load.number($0), body: "x")
                    message.tags = tags
                    return message
                }
                #expect(try await client.bulk(messages, batch: "b").accepted == 300)
                let socket = try PlainSocket(port: daemon.port)
                let output = OutputBuffer()
                output.appendHello(
                    ClientHello(credential: daemon.key, maximumFrameBytes: UInt32(Limits.minimumFrameBytes)))
                try await socket.send(Array(output.bytes))
                _ = try await socket.receiveFrames(1)
                var ids: [SMSModel.MessageID] = []
                var cursor: [UInt8] = []
                var call: UInt32 = 0
                repeat {
                    call += 1
                    try await socket.send(
                        PlainFrames.request(call, .list, ListRequest(limit: 1000, cursor: cursor), key: daemon.key))
                    let frame = try #require(try await socket.receiveFrames(1).first)
                    #expect(frame.status == .ok && frame.payload.count <= Limits.minimumFrameBytes)
                    let page = try frame.payload.withUnsafeBytes {
                        try ListResponse(decoding: $0, arena: MessageArena())
                    }
                    #expect(!page.messages.isEmpty)
                    ids += page.messages.map(\.id)
                    cursor = page.cursor
                } while !cursor.isEmpty
                #expect(call > 1)
                #expect(ids.count == 300)
                #expect(ids == ids.sorted(by: >))
            }
        }

        @Test(.timeLimit(.minutes(5))) func theCommandLineListsByPages() async throws {
            try await withDaemon(in: directory) { daemon, client in
                _ = try await client.pause(.everything)
                let messages = (0..<1200).map { OutgoingMessage(to: Load.number($0), body: "x") }
                let batch = try #require(try await client.bulk(messages, batch: "b").batchID)
                let one = try await send(client, to: "+447400123456", "mine").id
                func lines(_ arguments: String...) async throws -> [Substring] {
                    let run = try await daemon.apus(["list"] + arguments)
                    #expect(run.exit == .code(0), "\(arguments): \(run)")
                    return run.output.split(separator: "\n")
                }
                #expect(try await lines().count == 100)
                #expect(try await lines("--limit", "1100").count == 1100)
                #expect(try await lines("--limit", "0").count == 1201)
                #expect(try await lines("--limit", "0", "--batch", "b").count == 1200)
                #expect(try await lines("--limit", "0", "--batch", batch.description).count == 1200)
                #expect(try await lines("--state", "delivered").isEmpty)
                #expect(try await lines("--state", "queued", "--since", "1h", "--limit", "5").count == 5)
                #expect(try await lines("--until", "1h").isEmpty)
                let text = try await lines("--to", "+447400123456")
                #expect(text.count == 1 && text[0].contains("\(one)  QUEUED       +447400123456"))
                let json = try await daemon.apus("list", "--to", "+447400123456", "--output", "json").object()
                let status = try await daemon.apus("status", "--reference", "mine", "--output", "json").object()
                #expect(try json.text("id") == one.description)
                #expect(try status.text("id") == one.description)
                // Texts are not listed.
                #expect(
                    Set(json.members.keys).union(["body", "body_disclosure"]) == Set(status.members.keys))
                #expect(status.timeline == ["ACCEPTED", "QUEUED"])

                for (words, reason) in [
                    (["list", "--batch", "none"], "NOT_FOUND"), (["list", "--to", "4155550100"], "to: "),
                    (["list", "--since", "1h", "--until", "2h"], "from_ms: "),
                    (["status", "--reference", "none"], "NOT_FOUND"),
                    (["status", "--provider-id", "none"], "NOT_FOUND"),
                ] {
                    let run = try await daemon.apus(words)
                    #expect(run.exit == .code(1), "\(words): \(run)")
                    #expect(run.errors.contains(reason), "\(words): \(run.errors)")
                }
                _ = try await client.resume(.everything)
                let found = try await daemon.apus("status", "--reference", "mine", "--wait", "--output", "json")
                    .object()
                #expect(try found.text("state") == "DELIVERED")
                let known = try await daemon.apus(
                    "status", "--provider-id", try found.text("provider_id"), "--output", "json"
                ).object()
                #expect(try known.text("id") == one.description)
            }
        }
    }
}
