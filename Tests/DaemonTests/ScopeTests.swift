internal import ApusClient
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// Which credential may use which method, and when that is found out.
    @Suite struct ScopeTests {
        /// What is no message of any method.
        private struct Garbage: WireMessage {
            static let wireName = "Garbage"
            init() {}
            init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {}
            func encode(into output: OutputBuffer) {
                [UInt8](repeating: 0xFF, count: 12).withUnsafeBytes { output.append($0) }
            }
        }

        private static let scopes: [KeyScope] = [.send, .read, .cancel, .text, .admin]

        /// The scopes of which one must be there; every method has its line.
        private static func needed(_ method: RPCMethod) -> [KeyScope] {
            switch method {
            case .send, .bulk: [.send]
            case .status, .list, .stats, .explain, .suppressions, .usage, .inbound, .batchList, .unknownList, .describe:
                [.read]
            case .cancel, .suppress, .unsuppress, .unknownResend, .unknownSettle: [.cancel]
            case .pause, .resume: [.cancel, .admin]
            case .sandbox, .sandboxReceive, .configShow, .configApply, .configRollback, .configHistory, .keyList,
                .keyCreate, .keyRevoke, .audit, .providerTest:
                [.admin]
            case .health, .null, .watch: scopes
            }
        }

        /// A payload that can't be decoded tells both apart: who lacks the scope is refused for that, and learns
        /// nothing of the payload.
        @Test(.timeLimit(.minutes(5))) func scopesAreCheckedBeforeAnythingIsDecoded() async throws {
            try await withDaemon(in: TestDirectory()) { daemon, admin in
                for scope in Self.scopes {
                    let key = try await admin.createKey(tenant: "dev", scopes: [scope]).secret
                    let socket = try PlainSocket(port: daemon.port)
                    var bytes = PlainFrames.hello(key: key)
                    for (place, method) in RPCMethod.allCases.enumerated() {
                        bytes += PlainFrames.request(UInt32(place + 1), method, Garbage())
                    }
                    try await socket.send(bytes)
                    let frames = try await socket.receiveFrames(RPCMethod.allCases.count + 1)
                    for frame in frames where frame.callID > 0 {
                        let method = RPCMethod.allCases[Int(frame.callID) - 1]
                        let needed = Self.needed(method)
                        guard needed.contains(scope) else {
                            #expect(frame.status == .permissionDenied, "\(method) with \(scope.rawValue)")
                            #expect(frame.error.message.contains(needed[0].rawValue), "\(method): \(frame.error)")
                            continue
                        }
                        let expected: StatusCode = method == .watch ? .unimplemented : .invalidArgument
                        #expect(frame.status == expected, "\(method) with \(scope.rawValue): \(frame.error)")
                    }
                }
            }
        }

        @Test(.timeLimit(.minutes(5))) func aKeyThatOnlySendsIsToldWhatABatchNeeds() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, admin in
                let key = try await admin.createKey(tenant: "dev", scopes: [.send]).secret
                func bulk(_ options: String...) async throws -> CommandRun {
                    try await CommandRun.apus(
                        ["bulk", "-"] + options, in: directory,
                        environment: ["APUS_SERVER": daemon.socketAddress.description, "APUS_KEY": key],
                        input: "to,body\n+14155550100,hello\n")
                }
                let named = try await bulk("--batch", "b")
                #expect(named.exit == .code(1))
                #expect(named.errors.contains("the key lacks the scope messages:read"), "\(named.errors)")
                // Without a name there is nothing to compare with, and nobody insists on waiting.
                let new = try await bulk()
                #expect(new.exit == .code(0), "\(new.errors)")
                #expect(new.output.contains("1 accepted") && new.errors.contains("messages:read"), "\(new)")
                #expect(try await bulk("--wait").exit == .code(1))
                #expect(try await admin.statistics().states.total == 2)
            }
        }
    }
}
