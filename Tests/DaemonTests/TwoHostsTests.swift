internal import ApusClient
internal import Glibc
internal import Testing

extension DaemonTests {
    /// Two hosts with a wire between them: network namespaces of the kernel.
    @Suite struct TwoHostsTests {
        @Test(
            .timeLimit(.minutes(5)),
            .enabled("the kernel lets us make network namespaces (ip netns add)") { await TwoHosts.areAllowed() })
        func theyTalkOverMutualTLS() async throws {
            let directory = TestDirectory()
            let certificates = directory.path + "/certificates"
            let made = try await CommandRun.run(
                Program.apusd, ["certs", certificates, "--host", TwoHosts.serverAddress, "--client", "billing"],
                in: directory)
            #expect(made.exit == .code(0), "\(made.errors)")
            try await TwoHosts.with(in: directory) { hosts in
                let settings = [
                    "tls.certificate": certificates + "/server.pem", "tls.key": certificates + "/server.key",
                    "tls.client-certificates": "required", "tls.client-ca": certificates + "/ca.pem",
                    "tls.tenant-certificates": "billing", "tls.minimum-version": "1.3",
                ]
                let daemon = try await DaemonProcess.start(
                    in: directory, settings, addresses: ["tls:\(TwoHosts.serverAddress):0"],
                    launcher: hosts.onServer)
                let server = ["--server", daemon.furtherAddress.description, "--ca", certificates + "/ca.pem"]
                let own = ["--cert", certificates + "/billing.pem", "--cert-key", certificates + "/billing.key"]

                let sent = try await CommandRun.apus(
                    ["send", "+14155550100", "from another host", "--wait"] + server + own, in: directory,
                    launcher: hosts.onClient)
                #expect(sent.exit == .code(0) && sent.output.contains("DELIVERED"), "\(sent)")
                #expect(try SandboxFile(in: directory).lines.map(\.body) == ["from another host"])
                // Without its certificate the same host is nobody, and this host has no way there at all.
                let nobody = try await CommandRun.apus(["health"] + server, in: directory, launcher: hosts.onClient)
                #expect(nobody.exit == .code(1) && nobody.errors.contains("certificate required"), "\(nobody)")
                let outside = try await CommandRun.apus(
                    ["health", "--timeout", "2"] + server + own, in: directory)
                #expect(outside.exit == .code(3), "\(outside)")
                #expect(try await daemon.stop() == .code(0))
            }
        }
    }
}

/// Two network namespaces joined by a pair of virtual interfaces.
private struct TwoHosts {
    // Of the addresses for documentation and tests (RFC 5737).
    static let serverAddress = "192.0.2.1"
    private static let clientAddress = "192.0.2.2"

    let server: String
    let client: String

    var onServer: [String] { ["ip", "netns", "exec", server] }
    var onClient: [String] { ["ip", "netns", "exec", client] }

    static func areAllowed() async -> Bool {
        let directory = TestDirectory()
        let name = "apus-probe-\(getpid())"
        guard let run = try? await CommandRun.run("ip", ["netns", "add", name], in: directory), run.exit == .code(0)
        else { return false }
        _ = try? await CommandRun.run("ip", ["netns", "delete", name], in: directory)
        return true
    }

    static func with(in directory: TestDirectory, _ body: (TwoHosts) async throws -> Void) async throws {
        let hosts = TwoHosts(server: "apus-server-\(getpid())", client: "apus-client-\(getpid())")
        func ip(_ words: String) async throws {
            let run = try await CommandRun.run("ip", words.split(separator: " ").map(String.init), in: directory)
            try #require(run.exit == .code(0), "ip \(words): \(run.errors)")
        }
        let result: Result<Void, any Error>
        do {
            try await ip("netns add \(hosts.server)")
            try await ip("netns add \(hosts.client)")
            try await ip("-n \(hosts.server) link add wire type veth peer name wire netns \(hosts.client)")
            for (host, address) in [(hosts.server, serverAddress), (hosts.client, clientAddress)] {
                try await ip("-n \(host) address add \(address)/24 dev wire")
                try await ip("-n \(host) link set wire up")
                try await ip("-n \(host) link set lo up")
            }
            try await body(hosts)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for host in [hosts.server, hosts.client] { try? await ip("netns delete \(host)") }
        try result.get()
    }
}
