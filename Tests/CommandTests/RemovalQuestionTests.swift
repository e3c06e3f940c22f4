internal import RPCWire
internal import Testing

@testable internal import ApusClient
@testable internal import apus

@Suite struct RemovalQuestionTests {
    private func change(_ kind: String, _ name: String, after: String = "") -> ConfigurationChange {
        ConfigurationChange(ConfigChange(kind: kind, name: name, before: "{}", after: after))
    }

    @Test func itNamesProvidersAndRoutesThatGo() {
        let question = RemovalQuestion([
            change("providers", "eu"), change("providers", "us", after: "{}"), change("routes", "all"),
            change("tenants", "shop"),
        ])
        #expect(question?.text == "This removes providers eu, routes all. Go on? [y/N] ")
        #expect(RemovalQuestion([change("tenants", "shop"), change("routes", "all", after: "{}")]) == nil)
        #expect(RemovalQuestion([]) == nil)
    }

    @Test(arguments: [("y", true), (" YES \n", true), ("", false), ("n", false), ("yess", false), (nil, false)])
    func onlyYesIsYes(_ answer: String?, _ agrees: Bool) {
        #expect(RemovalQuestion.agrees(answer) == agrees)
    }
}
