internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

extension DaemonTests {
    /// TLS as an operator and a client meet it.
    @Suite struct SecurityTests {
        private let directory = TestDirectory()

        private func mutual(_ certificates: TestCertificates, _ mode: String) -> [String: String] {
            [
                "tls.certificate": certificates.path("own.pem"), "tls.key": certificates.path("own.key"),
                "tls.client-certificates": mode, "tls.client-ca": certificates.path("ca.pem"),
                "tls.revocation-list": certificates.path("list.pem"), "tls.watch-seconds": "1",
                "tls.tenant-certificates": "spiffe://example/billing,revoked.internal",
            ]
        }

        private func prepared() async throws -> TestCertificates {
            let certificates = try await TestCertificates(in: directory)
            try certificates.copy("server.pem", to: "own.pem")
            try certificates.copy("leaf.key", to: "own.key")
            try certificates.copy("crl-empty.pem", to: "list.pem")
            return certificates
        }

        /// - Parameter name: of the client's certificate; nil = none.
        private func client(
            _ daemon: DaemonProcess, _ certificates: TestCertificates, _ name: String? = nil, key: String? = nil
        ) -> GatewayClient {
            var configuration = ClientConfiguration(address: daemon.furtherAddress, key: key)
            configuration.tls = ClientTLS(
                ca: certificates.path("ca.pem"), certificate: name.map { certificates.path("\($0).pem") },
                key: name.map { _ in certificates.path("leaf.key") })
            configuration.waitsForGateway = false
            return GatewayClient(configuration: configuration)
        }

        @Test(.timeLimit(.minutes(5))) func devMakesAPrivateCA() async throws {
            let daemon = try await DaemonProcess.start(in: directory, addresses: ["tls:127.0.0.1:0"])
            let server = daemon.furtherAddress.description
            #expect(server.hasPrefix("tls:127.0.0.1:") && !server.hasSuffix(":0"))
            let ca = directory.data + "/tls/ca.pem"
            let good = try await CommandRun.apus(
                ["send", "+14155550100", "hello", "--server", server, "--ca", ca],
                in: directory, environment: ["APUS_KEY": daemon.key])
            #expect(good.exit == .code(0), "\(good.errors)")
            let named = try await CommandRun.apus(
                ["health"], in: directory, environment: ["APUS_SERVER": server, "APUS_CA": ca])
            #expect(named.exit == .code(0), "\(named.errors)")
            let unknown = try await CommandRun.apus(["health", "--server", server], in: directory)
            #expect(unknown.exit == .code(1))
            #expect(unknown.errors.contains("certificate is not accepted"), "\(unknown.errors)")
            // What plain clients and foreign ones get.
            let port = String(server.split(separator: ":").last ?? "")
            let plain = try await CommandRun.apus(["health", "--server", "tcp:127.0.0.1:\(port)"], in: directory)
            #expect(plain.exit == .code(3), "\(plain.errors)")
            let onPlain = try await CommandRun.apus(
                ["health", "--server", "tls:127.0.0.1:\(daemon.port)", "--ca", ca], in: directory)
            #expect(onPlain.exit == .code(3), "\(onPlain.errors)")
            // The note that `apus` finds the daemon by says whom to trust.
            let note = try String(contentsOfFile: directory.path + "/config/apus/dev.json", encoding: .utf8)
            #expect(note.contains(ca), "\(note)")
            #expect(try await daemon.stop() == .code(0))

            // At the next start the CA is the same.
            let before = try Data(contentsOf: URL(fileURLWithPath: ca))
            let again = try await DaemonProcess.start(in: directory, addresses: ["tls:127.0.0.1:0"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: ca)) == before)
            #expect(try await again.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func aCertificateStandsForTheTenant() async throws {
            let certificates = try await prepared()
            let daemon = try await DaemonProcess.start(
                in: directory, mutual(certificates, "optional"), addresses: ["tls:127.0.0.1:0"])
            let billing = client(daemon, certificates, "client")
            let receipt = try await billing.send(OutgoingMessage(to: "+14155550100", body: "by certificate"))
            #expect(try await billing.waitUntilSettled([receipt.id], timeout: .seconds(20)).messages[0].settled)
            await billing.close()
            // One of another name, and none, need a key.
            for name in ["server", nil] {
                let other = client(daemon, certificates, name)
                let error = await #expect(throws: ApusError.self) { try await other.statistics() }
                #expect(error?.code == .unauthenticated)
                await other.close()
                let keyed = client(daemon, certificates, name, key: daemon.key)
                _ = try await keyed.statistics()
                await keyed.close()
            }
            // A stranger's certificate opens no connection, whatever name it bears.
            let stranger = client(daemon, certificates, "client-stranger", key: daemon.key)
            let error = await #expect(throws: ApusError.self) { try await stranger.statistics() }
            #expect(error?.code == .failedPrecondition, "\(String(describing: error))")
            await stranger.close()
            #expect(try await daemon.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func certificatesAreReadAnewWhileItServes() async throws {
            let certificates = try await prepared()
            let daemon = try await DaemonProcess.start(
                in: directory, mutual(certificates, "required"), addresses: ["tls:127.0.0.1:0"])
            func signature() async throws -> String {
                let port = String(daemon.furtherAddress.description.split(separator: ":").last ?? "")
                let run = try await CommandRun.run(
                    "openssl",
                    [
                        "s_client", "-connect", "127.0.0.1:\(port)", "-cert", certificates.path("client.pem"), "-key",
                        certificates.path("leaf.key"),
                    ], in: directory)
                return String(run.output.split(separator: "Peer signature type: ").last?.prefix(5) ?? "")
            }
            func reloads() -> Int { daemon.log.components(separatedBy: "certificates read again").count - 1 }
            let billing = client(daemon, certificates, "client")
            _ = try await billing.statistics()
            let revoked = client(daemon, certificates, "client-revoked")
            _ = try await revoked.statistics()
            #expect(try await signature() == "ECDSA")

            // A certificate whose key is still to come is no reason to end, and takes effect with it.
            try certificates.copy("server-rsa.pem", to: "own.pem")
            try await waitUntil("the mismatch is told") { daemon.log.contains("is not that of the certificate") }
            #expect(try await signature() == "ECDSA")
            let before = reloads()
            try certificates.copy("rsa.key", to: "own.key")
            try await waitUntil("changed files are read") { reloads() > before }
            #expect(try await signature() == "RSA-P")

            // SIGHUP, and a list: who is on it can't come back, nor by an old session; its connection goes on.
            let hangUps = reloads()
            try certificates.copy("crl.pem", to: "list.pem")
            daemon.process.send(SIGHUP)
            try await waitUntil("SIGHUP is heard") { reloads() > hangUps }
            _ = try await revoked.statistics()
            await revoked.close()
            let back = client(daemon, certificates, "client-revoked")
            let error = await #expect(throws: ApusError.self) { try await back.statistics() }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains("revoked") == true, "\(String(describing: error))")
            await back.close()

            // The connection of before all this is still there: it is one of the two that the operator sees.
            _ = try await billing.statistics()
            let operators = daemon.client()
            try await waitUntil("the others are gone") { try await operators.statistics().connections == 2 }
            await operators.close()
            await billing.close()
            #expect(try await daemon.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func checkLooksAtCertificates() async throws {
            let certificates = try await prepared()
            func check(_ certificate: String, _ key: String, _ more: String = "") async throws -> CommandRun {
                let file = try directory.write(
                    """
                    data: \(directory.data)
                    key-file: \(try directory.write("apus_" + String(repeating: "k", count: 32), to: "key"))
                    rpc: [ "tls:127.0.0.1:0" ]
                    tls:
                      certificate: \(certificates.path(certificate))
                      key: \(certificates.path(key))
                    \(more)
                    """, to: "apusd.yaml")
                return try await CommandRun.run(Program.apusd, ["check", "--config", file], in: directory)
            }
            let good = try await check("server.pem", "leaf.key")
            #expect(good.exit == .code(0) && good.errors == "", "\(good)")
            for (certificate, key, more, words) in [
                ("server.pem", "rsa.key", "", "is not that of the certificate"),
                ("missing.pem", "leaf.key", "", "cannot be read"), ("server.pem", "encrypted.key", "", "not encrypted"),
                ("expired.pem", "leaf.key", "", "held until 2021-01-01"),
                ("early.pem", "leaf.key", "", "does not hold before 2098-01-01"),
                ("server.pem", "leaf.key", "  client-certificates: required", "needs tls.client-ca"),
                ("server.pem", "leaf.key", "  client-ca: \(certificates.path("ca.pem"))", "is off"),
                (
                    "server.pem", "leaf.key",
                    "  client-certificates: required\n  client-ca: \(certificates.path("ca.pem"))\n"
                        + "  revocation-list: \(certificates.path("crl-old.pem"))", "held until 2020-02-01"
                ),
            ] {
                let run = try await check(certificate, key, more)
                #expect(run.exit == .code(1) && run.errors.contains(words), "\(words): \(run)")
            }
            // A list for 20 days is soon over.
            let soon = try await check(
                "server.pem", "leaf.key",
                "  client-certificates: required\n  client-ca: \(certificates.path("ca.pem"))\n"
                    + "  revocation-list: \(certificates.path("crl.pem"))")
            #expect(soon.exit == .code(0) && soon.errors.contains("more days"), "\(soon)")
            let none = try await DaemonProcess.fail(in: directory, ["tls.key": "x"])
            #expect(none.exit == .code(1) && none.errors.contains("go together"))
        }

        @Test(.timeLimit(.minutes(5))) func certsMakesWhatOpenSSLAccepts() async throws {
            let folder = directory.path + "/made"
            let made = try await CommandRun.run(
                Program.apusd, ["certs", folder, "--host", "sms.example", "--host", "10.0.0.1", "--client", "billing"],
                in: directory)
            #expect(made.exit == .code(0), "\(made.errors)")
            for (file, purpose, host) in [
                ("server.pem", "sslserver", ["-verify_hostname", "sms.example", "-verify_ip", "10.0.0.1"]),
                ("billing.pem", "sslclient", ["-verify_hostname", "billing"]),
            ] {
                let words = ["verify", "-x509_strict", "-CAfile", "\(folder)/ca.pem", "-purpose", purpose]
                let good = try await CommandRun.run("openssl", words + host + ["\(folder)/\(file)"], in: directory)
                #expect(good.exit == .code(0), "\(good)")
                let wrong = try await CommandRun.run(
                    "openssl", words + ["-verify_hostname", "other.example", "\(folder)/\(file)"], in: directory)
                #expect(wrong.exit != .code(0))
            }
            for key in ["ca.key", "server.key", "billing.key"] {
                let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(key)")[.posixPermissions]
                #expect((mode as? NSNumber)?.intValue == 0o600)
            }
            for name in ["../x", "", "a,DNS:b", ".hidden"] {
                let bad = try await CommandRun.run(Program.apusd, ["certs", folder, "--client", name], in: directory)
                #expect(bad.exit == .code(1), "\(name)")
            }
        }
    }
}
