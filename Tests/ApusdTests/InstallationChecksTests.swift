internal import GatewayCore
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import apusd

@Suite struct InstallationChecksTests {
    /// A disk with as much free as there has to be has enough; a byte less is worth a look.
    @Test(arguments: [(Limits.diskWarningBytes, false), (Limits.diskWarningBytes - 1, true)])
    func littleRoomOnTheDiskIsAWarning(free: Int64, isWarning: Bool) {
        let check = InstallationChecks.disk(free: free, path: "/data")
        #expect(check.isGood && check.isWarning == isWarning)
        #expect(check.detail.hasSuffix(" MiB are free for /data"))
    }

    @Test func settingsThatDoNothingAreTold() {
        var configuration = DaemonConfiguration()
        #expect(configuration.warnings(isDevelopment: false).isEmpty)
        configuration.sandbox.latency = 5
        #expect(configuration.warnings(isDevelopment: true).isEmpty)
        #expect(configuration.warnings(isDevelopment: false).count == 1)
        configuration.webhooksPublicURL = "https://sms.example.com"
        #expect(configuration.warnings(isDevelopment: true).first?.contains("there is no http address") == true)
        configuration.http = ["http:127.0.0.1:80"]
        #expect(configuration.warnings(isDevelopment: true).isEmpty)
        configuration.redaction.bodies = .full
        #expect(configuration.warnings(isDevelopment: true).count == 1)
    }

    @Test func theyAreOfTheDataDirectory() {
        let directory = TemporaryDirectory()
        var configuration = DaemonConfiguration()
        configuration.data = directory.path
        let checks = InstallationChecks(configuration, isDevelopment: true).latest()
        #expect(checks.map(\.name) == ["disk", "settings"])
        #expect(checks[0].detail.hasSuffix("MiB are free for \(directory.path)"))
    }
}
