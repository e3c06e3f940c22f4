internal import ApusClient
internal import Foundation
internal import GatewayTestKit
internal import Glibc
internal import Testing

@testable internal import apus

/// What the doctor makes of what it has found.
@Suite struct DoctorTests {
    private let directory = TemporaryDirectory()
    private let asked = Date(timeIntervalSince1970: 1_800_000_000)

    private func endpoint(_ server: String) -> Endpoint { Endpoint(server: server, source: "--server") }

    // MARK: Clocks

    @Test(arguments: [
        (0.0, Finding.Result.ok), (0.5, .ok), (-2.0, .ok), (2.5, .ok), (-2.1, .warning), (2.6, .warning),
        (-60.0, .warning), (60.5, .warning), (-60.1, .failure), (60.6, .failure),
    ])
    func aDifferenceOfClocks(seconds: Double, result: Finding.Result) {
        // Between the question and the answer half a second has passed.
        let finding = GatewayChecks.clock(
            asked.addingTimeInterval(seconds), asked: asked, answered: asked.addingTimeInterval(0.5))
        #expect(finding.result == result, "\(finding.detail)")
        #expect((finding.advice == nil) == (result == .ok))
        if result != .ok { #expect(finding.detail.contains(seconds < 0 ? "behind" : "ahead of")) }
    }

    @Test func aGatewayThatTellsNoTime() {
        #expect(GatewayChecks.clock(nil, asked: asked, answered: asked).result == .skipped)
    }

    // MARK: Versions, credentials

    @Test func versionsAreComparedWithoutTheCommit() {
        #expect(GatewayChecks.version("apusd/0.1.0 (abc)", client: "0.1.0 (def)").result == .ok)
        #expect(GatewayChecks.version("apusd/0.2.0", client: "0.1.0").result == .warning)
    }

    @Test func aCredentialThatIsRefusedIsAFailureAndNoneIsNot() {
        let refused = ApusError(.unauthenticated, "the key is not known")
        #expect(GatewayChecks.credential(refused, hasKey: true).result == .failure)
        #expect(GatewayChecks.credential(refused, hasKey: false).result == .warning)
        let denied = ApusError(.permissionDenied, "this needs the scope messages:read")
        #expect(GatewayChecks.credential(denied, hasKey: true).result == .ok)
        #expect(GatewayChecks.credential(ApusError(.unavailable, "gone"), hasKey: true).result == .skipped)
    }

    // MARK: This machine

    @Test func socketsAreLookedAtWithoutConnecting() throws {
        #expect(LocalChecks.socket(directory.file("none")).result == .failure)
        try directory.write(Data(), to: "file")
        #expect(LocalChecks.socket(directory.file("file")).detail.hasSuffix("is no socket"))
        let path = directory.file("s")
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0)
        chmod(path, 0o660)
        #expect(LocalChecks.socket(path) == Finding("socket", .ok, "\(path), mode 660"))
        chmod(path, 0o666)
        #expect(LocalChecks.socket(path).result == .warning)
        let names = LocalChecks.findings(of: endpoint("unix:\(path)"), keyWarnings: []).map(\.name)
        #expect(names == ["gateway", "socket"])
        #expect(LocalChecks.findings(of: endpoint("tcp:localhost:1"), keyWarnings: []).map(\.name) == ["gateway"])
    }

    @Test func keysThatOthersCanReadAreWarnings() throws {
        try directory.write(Data("key".utf8), to: "client.key")
        let path = directory.file("client.key")
        chmod(path, 0o644)
        var exposed = endpoint("tls:localhost:1")
        exposed.tls.certKey = path
        let findings = LocalChecks.findings(of: exposed, keyWarnings: ["the key file k can be read by others"])
        #expect(findings.map(\.result) == [.ok, .warning, .warning])
        chmod(path, 0o600)
        #expect(LocalChecks.findings(of: exposed, keyWarnings: []).map(\.result) == [.ok])
        exposed.tls.ca = directory.file("missing.pem")
        #expect(LocalChecks.findings(of: exposed, keyWarnings: []).last?.result == .failure)
    }

    // MARK: What is told

    @Test func findingsAsTextAndAsJSON() throws {
        let findings = [
            Finding("clock", .ok, "fine"), Finding("disk", .warning, "little", advice: "Make room."),
            Finding("health", .failure, "bad", advice: "Look."),
        ]
        #expect(
            findings.text == """
                clock   ok: fine
                disk    warning: little
                        -> Make room.
                health  failure: bad
                        -> Look.
                """)
        let json = try JSONSerialization.jsonObject(with: Data(findings.json.text.utf8)) as? [String: Any]
        #expect(json?["failures"] as? Int == 1 && json?["warnings"] as? Int == 1)
        let first = (json?["findings"] as? [[String: Any]])?.first
        #expect(first?["name"] as? String == "clock" && first?["result"] as? String == "ok")
        #expect(first?["detail"] as? String == "fine" && first?["advice"] is NSNull)
    }
}
