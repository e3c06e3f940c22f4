internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Two teams on one gateway.
    @Suite struct TenantTests {
        private let directory = TestDirectory()
        private let message = OutgoingMessage(to: "+14155550100", body: "hello")

        private func client(_ daemon: DaemonProcess, key: String) -> GatewayClient {
            var configuration = ClientConfiguration(address: daemon.socketAddress, key: key)
            configuration.timeout = .seconds(20)
            configuration.waitsForGateway = false
            return GatewayClient(configuration: configuration)
        }

        /// nil if it was not refused.
        private func refusal(_ body: () async throws -> Void) async -> ApusError.Code? {
            do {
                try await body()
                return nil
            } catch {
                return (error as? ApusError)?.code
            }
        }

        private static let shop = #"{"tenants": {"shop": {}}}"#

        @Test(.timeLimit(.minutes(5))) func eachSeesItsOwnOnly() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.apply(Self.shop, partial: true)
                let shop = client(daemon, key: try await admin.createKey(tenant: "shop").secret)
                #expect(try await shop.describe().tenant == "shop")
                let own = try await shop.send(message, idempotencyKey: "same")
                // The same key of another tenant is another key.
                let other = try await admin.send(message, idempotencyKey: "same")
                #expect(own.id != other.id && !other.duplicate)
                #expect(await refusal { _ = try await shop.status(of: other.id) } == .notFound)
                #expect(await refusal { _ = try await admin.status(of: own.id) } == .notFound)
                #expect(try await shop.cancel([other.id]).notFound == 1)
                var listed: [MessageID] = []
                for try await message in shop.list() { listed.append(message.id) }
                #expect(listed == [own.id])
                #expect(try await shop.usage().tenant == "shop")
                #expect(try await admin.usageOfEveryTenant().map(\.tenant) == ["dev", "shop"])
                await shop.close()
            }
        }

        @Test(.timeLimit(.minutes(5))) func scopesBound() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.apply(Self.shop, partial: true)
                let shop = client(daemon, key: try await admin.createKey(tenant: "shop").secret)
                let sender = client(daemon, key: try await admin.createKey(tenant: "shop", scopes: [.send]).secret)
                let sent = try await sender.send(message)
                let refused: [() async throws -> Void] = [
                    { _ = try await sender.status(of: sent.id) },
                    { _ = try await sender.cancel([sent.id]) },
                    { _ = try await sender.suppress(["+14155550100"]) },
                    { _ = try await sender.usage() },
                    { _ = try await shop.keys() },
                    { _ = try await shop.audit() },
                    { _ = try await shop.configuration() },
                    { _ = try await shop.apply(Self.shop, dryRun: true) },
                    { _ = try await shop.usage(tenant: "dev") },
                    { _ = try await shop.usageOfEveryTenant() },
                    { _ = try await shop.suppress(["+14155550100"], tenant: "dev") },
                    { _ = try await shop.suppressions(tenant: "dev") },
                    { _ = try await shop.pause(.tenant("shop")) },
                    { _ = try await shop.pause(.everything) },
                ]
                for (place, call) in refused.enumerated() {
                    #expect(await refusal(call) == .permissionDenied, "call \(place)")
                }
                #expect(try await shop.suppress(["+14155550101"]) == 1)
                #expect(try await admin.suppressions(tenant: "shop").total == 1)
                await shop.close()
                await sender.close()
            }
        }

        /// What was said holds at once, on connections that are open.
        @Test(.timeLimit(.minutes(5))) func whatIsTakenAwayIsGoneAtOnce() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.apply(Self.shop, partial: true)
                let revoked = try await admin.createKey(tenant: "shop")
                let brief = try await admin.createKey(tenant: "shop", lifetime: .milliseconds(1))
                let lasting = try await admin.createKey(tenant: "shop")
                let clients = [revoked, lasting].map { client(daemon, key: $0.secret) }
                for client in clients { _ = try await client.send(message) }
                let late = client(daemon, key: brief.secret)
                // Expiry is looked at once a second.
                try await waitUntil("the key has expired") {
                    await refusal { _ = try await late.send(message) } == .unauthenticated
                }
                _ = try await admin.revokeKey(revoked.key.id)
                #expect(
                    await refusal { _ = try await clients[0].send(message) } == .unauthenticated
                )
                _ = try await clients[1].send(message)

                _ = try await admin.apply(#"{"tenants": {"shop": {"enabled": false}}}"#, partial: true)
                #expect(
                    await refusal { _ = try await clients[1].send(message) } == .unauthenticated
                )
                _ = try await admin.rollBack(to: 2)
                _ = try await clients[1].send(message)
                // No rollback brings a key back.
                #expect(
                    await refusal { _ = try await clients[0].send(message) } == .unauthenticated
                )

                try await waitUntil("nothing of the shop waits") {
                    try await admin.usage(tenant: "shop").waitingMessages == 0
                }
                _ = try await admin.apply(#"{"tenants": {"shop": null}}"#, partial: true)
                #expect(
                    await refusal { _ = try await clients[1].send(message) } == .unauthenticated
                )
                for client in clients + [late] { await client.close() }
            }
        }

        @Test(.timeLimit(.minutes(5))) func rulesHoldAtOnceAndAfterARestart() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            let admin = daemon.client()
            _ = try await admin.apply(Self.shop, partial: true)
            let key = try await admin.createKey(tenant: "shop")
            let shop = client(daemon, key: key.secret)
            _ = try await shop.send(message)
            _ = try await admin.apply(
                """
                {"tenants": {"shop": {"destinations": {"allowed": ["GB"]}, "senders": {"allowed": ["ACME"]},
                "defaults": {"sender": "ACME"}, "quota": {"segments_per_day": 2}}}}
                """, partial: true)
            #expect(await refusal { _ = try await shop.send(message) } == .invalidArgument)
            let allowed = OutgoingMessage(to: "+447400123456", body: "hello")
            let sent = try await shop.send(allowed)
            #expect(try await shop.status(of: sent.id).sender == "ACME")
            _ = try await admin.suppress(["+447400123457"], tenant: "shop", reason: "STOP")
            await shop.close()
            await admin.close()
            try await daemon.kill()

            let again = try await DaemonProcess.start(in: directory)
            let later = client(again, key: key.secret)
            #expect(await refusal { _ = try await later.send(message) } == .invalidArgument)
            let optedOut = OutgoingMessage(to: "+447400123457", body: "hello")
            #expect(await refusal { _ = try await later.send(optedOut) } == .invalidArgument)
            // Two segments of today's quota were used before the crash.
            #expect(try await later.usage().segmentsToday == 2)
            #expect(await refusal { _ = try await later.send(allowed) } == .resourceExhausted)
            let administrator = again.client()
            _ = try await administrator.revokeKey(key.key.id)
            await administrator.close()
            #expect(await refusal { _ = try await later.usage() } == .unauthenticated)
            await later.close()
            #expect(try await again.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func aKeysLastUseIsKept() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            let admin = daemon.client()
            let key = try await admin.createKey(tenant: "dev")
            let user = client(daemon, key: key.secret)
            _ = try await user.usage()
            await user.close()
            await admin.close()
            #expect(try await daemon.stop() == .code(0))
            try await withDaemon(in: directory) { _, admin in
                let found = try #require(try await admin.keys().keys.first)
                #expect(found.id == key.key.id && found.lastUsedAt != nil)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aTenantIsPausedAlone() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                _ = try await admin.apply(Self.shop, partial: true)
                let shop = client(daemon, key: try await admin.createKey(tenant: "shop").secret)
                #expect(try await admin.pause(.tenant("shop")) == ["tenant shop"])
                let held = try await shop.send(message)
                let free = try await admin.send(message)
                _ = try await admin.waitUntilSettled([free.id], timeout: .seconds(20))
                #expect(try await shop.status(of: held.id).state == .queued)
                #expect(
                    await refusal {
                        _ = try await admin.apply(#"{"tenants": {"shop": null}}"#, partial: true)
                    } == .failedPrecondition)
                // What waits is not sent to who opts out meanwhile.
                #expect(try await admin.suppress(["+14155550100"], tenant: "shop") == 1)
                #expect(try await admin.resume(.tenant("shop")).isEmpty)
                let report = try await shop.waitUntilSettled([held.id], timeout: .seconds(20))
                #expect(report.messages.first?.state == .failed && report.messages.first?.error?.code == "SUPPRESSED")
                await shop.close()
            }
        }
    }
}
