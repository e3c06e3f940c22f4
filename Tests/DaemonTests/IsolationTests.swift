internal import ApusClient
internal import Foundation
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// What one tenant can find out about another, or do to it: nothing, by any method.
    @Suite struct IsolationTests {
        private let directory = TestDirectory()

        /// What a tenant has: what another one asks for.
        private struct Belongings {
            var id: String
            var scheduled: String
            var batch: String
            var batchID: ApusClient.MessageID
            var providerID: String
            var key: String
        }

        /// What the other one must get.
        private enum Expected {
            /// Refused, with these words on standard error.
            case refused(String)
            /// Answered, with nothing of it but these words, and without those of the tenant.
            case only(String)
        }

        private func run(
            _ daemon: DaemonProcess, key: String, _ words: [String], input: String = ""
        ) async throws -> CommandRun {
            try await CommandRun.apus(
                words, in: directory,
                environment: ["APUS_SERVER": daemon.socketAddress.description, "APUS_KEY": key], input: input)
        }

        private func tenant(_ daemon: DaemonProcess, _ name: String) async throws -> String {
            let made = try await daemon.apus("admin", "tenant", "create", name)
            try #require(made.exit == .code(0), "\(made.errors)")
            let key = try await daemon.apus("admin", "key", "create", name)
            return key.output.trimmingCharacters(in: .newlines)
        }

        private func furnish(_ daemon: DaemonProcess, _ key: String) async throws -> Belongings {
            func done(_ words: String..., input: String = "") async throws -> CommandRun {
                let run = try await run(daemon, key: key, words + ["--output", "json"], input: input)
                try #require(run.exit == .code(0), "\(words): \(run.errors)")
                return run
            }
            let sent = try await done(
                "send", "+14155550100", "mine alone", "--reference", "order-1", "--wait")
            let status = try await done("status", try sent.object().text("id"))
            let scheduled = try await done("send", "+14155550100", "later", "--at", "+2h")
            _ = try await done("bulk", "-", "--batch", "sale", input: "to,body\n+14155550100,mine alone\n")
            let client = GatewayClient(configuration: ClientConfiguration(address: daemon.socketAddress, key: key))
            let batch = try await client.status(of: .name("sale")).id
            await client.close()
            _ = try await done("suppression", "add", "+14155550199")
            return Belongings(
                id: try sent.object().text("id"), scheduled: try scheduled.object().text("id"),
                batch: batch.description, batchID: batch, providerID: try status.object().text("provider_id"), key: key)
        }

        /// What a stranger tries with each method, and what it must get; every method has its line.
        private func attempts(_ method: RPCMethod, on theirs: Belongings) -> [(String, Expected)] {
            let denied = Expected.refused("PERMISSION_DENIED")
            let notFound = Expected.refused("NOT_FOUND")
            switch method {
            // What they make is the caller's own.
            case .send, .bulk: return []
            case .status:
                return [
                    ("status \(theirs.id)", notFound), ("timeline \(theirs.id)", notFound),
                    ("status --batch sale", notFound),
                    ("status --reference order-1", notFound), ("status --provider-id \(theirs.providerID)", notFound),
                    ("status \(theirs.id) --tenant shop", denied), ("status \(theirs.id) --every-tenant", denied),
                    ("timeline \(theirs.id) --tenant shop", denied), ("status --batch sale --tenant shop", denied),
                    ("status --batch \(theirs.batch) --every-tenant", denied),
                    ("status --reference order-1 --tenant shop", denied),
                    ("status --provider-id \(theirs.providerID) --every-tenant", denied),
                    // Whether there is such a tenant is not told either.
                    ("status \(theirs.id) --tenant nobody", denied),
                ]
            case .list:
                return [
                    ("list", .only("")), ("list --to +14155550100", .only("")), ("list --batch sale", notFound),
                    ("list --batch \(theirs.batch)", notFound), ("list --reference order-1", .only("")),
                    ("list --provider sandbox", .only("")), ("list --tenant shop", denied),
                    ("list --every-tenant --reference order-1", denied),
                ]
            case .batchList:
                return [
                    ("batch list", .only("")), ("batch list --tenant shop", denied),
                    ("batch list --every-tenant", denied),
                ]
            case .stats:
                return [
                    ("stats", .only("none")), ("stats --tenant shop", denied), ("stats --every-tenant", denied),
                ]
            case .cancel:
                return [
                    ("cancel \(theirs.scheduled)", .refused("not canceled")), ("cancel --batch sale", notFound),
                    ("cancel \(theirs.scheduled) --tenant shop", denied),
                    ("cancel \(theirs.scheduled) --every-tenant", denied),
                    ("cancel --batch sale --tenant shop", denied),
                ]
            case .pause:
                return [
                    ("pause --batch sale", notFound), ("pause", denied), ("pause --tenant shop", denied),
                    ("pause --provider sandbox", denied),
                ]
            case .resume:
                return [
                    ("resume --batch sale", notFound), ("resume", denied), ("resume --tenant shop", denied),
                    ("resume --provider sandbox", denied),
                ]
            case .suppress: return [("suppression add +14155550111 --tenant shop", denied)]
            case .unsuppress: return [("suppression remove +14155550199 --tenant shop", denied)]
            case .suppressions:
                return [("suppression list", .only("")), ("suppression list --tenant shop", denied)]
            case .usage: return [("usage", .only("team")), ("usage --tenant shop", denied), ("usage --all", denied)]
            case .inbound:
                return [
                    ("inbound list", .only("")), ("inbound list --tenant shop", denied),
                    ("inbound list --every-tenant", denied),
                ]
            case .sandbox: return [("sandbox", denied)]
            case .sandboxReceive:
                return [("sandbox receive --from +14155550100 --to +14155550111 STOP", denied)]
            case .configShow: return [("admin config show", denied), ("admin tenant show shop", denied)]
            case .configApply: return [("admin tenant set shop --weight 9", denied)]
            case .configRollback: return [("admin config rollback 1", denied)]
            case .configHistory: return [("admin config history", denied)]
            case .keyList: return [("admin key list", denied), ("admin key list --tenant shop", denied)]
            case .keyCreate: return [("admin key create shop", denied)]
            case .keyRevoke: return [("admin key revoke \(theirs.key.dropFirst(5).prefix(8))", denied)]
            case .audit: return [("admin audit", denied)]
            case .providerTest: return [("admin provider test sandbox", denied)]
            case .health: return [("health", .only("ok"))]
            // They tell of the gateway's version and limits, or of nothing.
            case .describe, .null: return []
            case .unknownList:
                return [
                    ("unknown list", .only("")), ("unknown list --tenant shop", denied),
                    ("unknown list --every-tenant", denied),
                ]
            case .unknownResend:
                return [
                    ("unknown resend \(theirs.id)", notFound), ("unknown resend --all --tenant shop", denied),
                    ("unknown resend --all --every-tenant", denied),
                ]
            case .unknownSettle: return [("unknown settle \(theirs.id) --as failed", notFound)]
            case .explain: return [("explain +14155550111 hello", .only("sandbox"))]
            case .watch: return []
            }
        }

        @Test(.timeLimit(.minutes(5))) func aStrangerFindsAndChangesNothing() async throws {
            try await withDaemon(in: directory, ["sandbox.receipt-delay-ms": "0"]) { daemon, _ in
                let shop = try await tenant(daemon, "shop")
                let team = try await tenant(daemon, "team")
                let theirs = try await furnish(daemon, shop)
                let traces = [theirs.id, theirs.scheduled, theirs.batch, "order-1", "mine alone", "shop", "sale"]
                var tried = 0
                for method in RPCMethod.allCases {
                    for (words, expected) in attempts(method, on: theirs) {
                        let answer = try await run(daemon, key: team, words.split(separator: " ").map(String.init))
                        tried += 1
                        switch expected {
                        case .refused(let why):
                            #expect(answer.exit == .code(1), "\(words): \(answer.output)")
                            #expect((answer.output + answer.errors).contains(why), "\(words): \(answer.errors)")
                        case .only(let words):
                            #expect(answer.exit == .code(0), "\(words): \(answer.errors)")
                            #expect(words.isEmpty ? answer.output.isEmpty : answer.output.contains(words), "\(answer)")
                            for trace in traces { #expect(!answer.output.contains(trace), "\(answer.output)") }
                        }
                    }
                }
                #expect(tried > 30)
                try await asksByID(daemon, team, theirs)
                // Nothing has become of what is theirs.
                let scheduled = try await run(daemon, key: shop, ["status", theirs.scheduled, "--output", "json"])
                #expect(try scheduled.object().text("state") == "SCHEDULED")
                let batch = try await run(daemon, key: shop, ["status", "--batch", "sale", "--output", "json"])
                #expect(batch.exit == .code(0))
                let optOuts = try await run(daemon, key: shop, ["suppression", "list"])
                #expect(optOuts.output.hasPrefix("+14155550199"))
            }
        }

        /// What the command line has no words for.
        private func asksByID(_ daemon: DaemonProcess, _ key: String, _ theirs: Belongings) async throws {
            let client = GatewayClient(configuration: ClientConfiguration(address: daemon.socketAddress, key: key))
            let batch = BatchReference.id(theirs.batchID)
            func refused(_ call: () async throws(ApusError) -> Void) async {
                let error = await #expect(throws: ApusError.self) { try await call() }
                #expect(error?.code == .notFound, "\(String(describing: error))")
            }
            await refused { () throws(ApusError) in _ = try await client.status(of: batch) }
            await refused { () throws(ApusError) in _ = try await client.cancel(batch: batch) }
            await refused { () throws(ApusError) in _ = try await client.pause(.batch(batch)) }
            await refused { () throws(ApusError) in _ = try await client.resume(.batch(batch)) }
            await client.close()
        }

        @Test(.timeLimit(.minutes(5))) func keysBatchesAndOptOutsAreEachTenantsOwn() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let shop = try await tenant(daemon, "shop")
                let team = try await tenant(daemon, "team")
                var ids: Set<String> = []
                for key in [shop, team] {
                    let send = ["send", "+14155550100", "hello", "--idempotency-key", "k1", "--output", "json"]
                    for isRepeat in [false, true] {
                        let sent = try await run(daemon, key: key, send).object()
                        ids.insert(try sent.text("id"))
                        #expect(sent.flag("duplicate") == isRepeat)
                    }
                    let bulk = ["bulk", "-", "--batch", "sale", "--output", "json"]
                    let made = try await run(daemon, key: key, bulk, input: "to,body\n+14155550100,hello\n").object()
                    #expect(made.number("accepted") == 1)
                }
                #expect(ids.count == 2)
                let optedOut = try await run(daemon, key: shop, ["suppression", "add", "+14155550100"])
                #expect(optedOut.exit == .code(0))
                let refused = try await run(daemon, key: shop, ["send", "+14155550100", "again"])
                #expect(refused.exit == .code(1) && refused.errors.contains("has opted out"), "\(refused.errors)")
                let taken = try await run(daemon, key: team, ["send", "+14155550100", "again"])
                #expect(taken.exit == .code(0), "\(taken.errors)")
            }
        }

        /// A chunk that takes long is worked on in slices, between which others are answered by the same event loop.
        @Test(.timeLimit(.minutes(5))) func aHeavyChunkHoldsUpNobody() async throws {
            try await withDaemon(in: directory, ["event-loops": "1"]) { daemon, client in
                _ = try await client.pause(.everything)
                let names = (0..<Limits.templateVariables).map { "v\($0)" }
                let template = OutgoingMessage(to: "", body: names.map { "{{\($0)}}" }.joined())
                // 64 variables of 20 characters, each in a body of 1,280.
                let variables = Dictionary(uniqueKeysWithValues: names.map { ($0, String(repeating: "x", count: 20)) })
                let recipients = (0..<1500).map { TemplateRecipient(to: Load.number($0), variables: variables) }
                let heavy = Task {
                    let started = ContinuousClock.now
                    let report = try await client.bulk(template: template, recipients: recipients, batch: "heavy")
                    return (report, ContinuousClock.now - started)
                }
                let other = daemon.client()
                var longest = Duration.zero
                var calls = 0
                let isDone = Counter()
                let watch = Task {
                    _ = await heavy.result
                    isDone.add()
                }
                while isDone.value == 0 {
                    let began = ContinuousClock.now
                    _ = try await other.health()
                    longest = max(longest, ContinuousClock.now - began)
                    calls += 1
                }
                await watch.value
                await other.close()
                let (report, duration) = try await heavy.value
                #expect(report.accepted == 1500)
                #expect(calls > 20)
                #expect(longest < duration / 2, "\(longest) of \(duration), \(calls) calls")
            }
        }

        /// Health needs no credential, and Stats no more than a tenant's.
        @Test(.timeLimit(.minutes(5))) func pausesOfOthersAreNotTold() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let shop = try await tenant(daemon, "shop")
                let team = try await tenant(daemon, "team")
                #expect(try await daemon.apus("pause", "--tenant", "shop").output == "paused: tenant shop\n")
                _ = try await run(daemon, key: shop, ["send", "+14155550100", "held"])
                let own = try await run(daemon, key: shop, ["stats", "--output", "json"]).object()
                #expect(own.members["paused"] as? [String] == ["tenant shop"])
                #expect(own.number("waiting_normal") == 1)
                #expect(own.number("connections") == 0 && own.number("cpu_us") == 0)
                #expect((own.members["providers"] as? [Any])?.isEmpty == true)
                let others = try await run(daemon, key: team, ["stats", "--output", "json"]).object()
                #expect(others.members["paused"] as? [String] == [])
                #expect(others.number("waiting_normal") == 0)
                let health = try await run(daemon, key: "", ["health", "--output", "json"])
                #expect(health.exit == .code(0) && !health.output.contains("shop"), "\(health.output)")
                let all = try await client.statistics()
                #expect(all.paused == ["tenant shop"])
                #expect(all.waitingNormal == 1 && !all.providers.isEmpty)
            }
        }
    }
}
