internal import ApusClient
internal import Foundation
internal import GatewayTestKit
internal import Glibc
internal import Testing

internal import struct SMSModel.SeededGenerator

extension DaemonTests {
    /// The power goes: what was written but not synced is gone, or there in part.
    @Suite struct PowerLossTests {
        @Test(.timeLimit(.minutes(60))) func nothingAcknowledgedIsLost() async throws {
            let lost = try await lostOver(cuts: Size.pick(short: 25, long: 250), seed: 3)
            #expect(lost.missing == 0, "acknowledged, and gone after the cut")
            #expect(lost.faults == [], "a key gave two messages")
            #expect(lost.acknowledged > 0)
            print("power loss: \(lost.cuts) cuts, \(lost.acknowledged) messages acknowledged, \(lost.missing) lost")
        }

        /// The disk that these tests use does lose what is not synced.
        @Test(.timeLimit(.minutes(10))) func aStoreThatDoesNotSyncIsFoundOut() async throws {
            let lost = try await lostOver(cuts: 4, seed: 5, forgetting: "-wal")
            #expect(lost.missing > 0)
        }

        private struct Losses {
            var cuts = 0
            var acknowledged = 0
            var missing = 0
            var faults: [String] = []
        }

        /// Callers send without a pause while the daemon loses its disk's power at random moments, starts among them.
        private func lostOver(cuts: Int, seed: UInt64, forgetting: String? = nil) async throws -> Losses {
            let directory = TestDirectory()
            let disk = try PowerLossDisk(data: directory.data, scratch: directory.path)
            var random = SeededGenerator(seed: seed)
            let settings = ["sandbox.record": "false", "sandbox.latency-ms": "2", "sandbox.receipt-delay-ms": "5"]
            // The first start makes the key and the database, with the power on.
            let first = try await DaemonProcess.start(in: directory, settings)
            let client = first.client(timeout: .seconds(120))
            _ = try await first.stop()
            try disk.settle()

            var losses = Losses()
            var asked: Set<MessageID> = []
            let load = Load()
            async let running: Void = load.run(client, senders: 6, seed: seed)
            while losses.cuts < cuts {
                let cut = Int.random(in: 1...1500, using: &random)
                let environment = disk.environment(
                    cut: cut, seed: losses.cuts % 2 == 0 ? 0 : random.next(), forgetting: forgetting)
                do {
                    let daemon = try await DaemonProcess.start(in: directory, settings, environment: environment)
                    #expect(try await daemon.process.waitForExit(within: .seconds(120)) == .signal(SIGKILL))
                } catch let failure as DaemonProcess.StartFailure {
                    #expect(failure.exit == .signal(SIGKILL), "\(failure.errors)")
                }
                losses.cuts += 1
                try disk.restore()
                guard losses.cuts % 5 == 0 || losses.cuts == cuts else { continue }
                // Now and then it runs with the power on, and tells what it has: of what came since the last time,
                // and at the end of everything.
                let all = Set(load.acknowledged.ids)
                let known = Array(losses.cuts == cuts ? all : all.subtracting(asked))
                asked = all
                let daemon = try await DaemonProcess.start(in: directory, settings)
                losses.missing += try await client.status(of: known, timeline: false).notFound.count
                losses.acknowledged = all.count
                if losses.cuts == cuts {
                    load.stop()
                    await running
                }
                #expect(try await daemon.stop() == .code(0))
                try disk.settle()
                if forgetting != nil, losses.missing > 0 { break }
            }
            load.stop()
            if losses.cuts < cuts || forgetting != nil {
                let daemon = try await DaemonProcess.start(in: directory, settings)
                await running
                _ = try await daemon.stop()
            }
            losses.faults = load.acknowledged.faults
            await client.close()
            return losses
        }
    }
}
