import ConfigurationModel
import Routing
import SMSModel
import Testing

@Suite struct SenderTableTests {
    private func table(_ owner: String, _ change: (inout SenderRules) -> Void) throws -> SenderTable {
        var rules = SenderRules()
        change(&rules)
        return try #require(SenderTable(rules, owner: owner))
    }

    private func sender(
        _ tables: [SenderTable], _ given: String = "", to number: String,
        where isAllowed: (String) -> Bool = { _ in true }
    ) -> [String]? {
        let (country, _) = Array(number.utf8).withUnsafeBytes(Countries.all.country(of:))
        let found = Array(given.utf8).withUnsafeBytes { given in
            SenderTable.sender(tables, given: given, to: country) {
                isAllowed(String(decoding: $0.sender, as: UTF8.self))
            }
        }
        return found.map { [String(decoding: $0.sender, as: UTF8.self), $0.rule] }
    }

    private let american = "+14155550100"
    private let canadian = "+16135550100"
    private let german = "+4915112345678"
    private let british = "+447400123456"

    @Test func theRecipientsCountryDecides() throws {
        let table = try table("provider eu") {
            $0.byCountry = ["US": "+15005550006", "DE": "Firma"]
            $0.fallback = "12345"
        }
        #expect(sender([table], to: american) == ["+15005550006", "provider eu, US"])
        #expect(sender([table], to: german) == ["Firma", "provider eu, DE"])
        #expect(sender([table], to: british) == ["12345", "provider eu, other countries"])
        // Canada's numbers begin with +1 too.
        #expect(sender([table], to: canadian) == ["12345", "provider eu, other countries"])
        #expect(sender([table], to: "+80012345678") == ["12345", "provider eu, other countries"])
        #expect(SenderTable(SenderRules(), owner: "x") == nil && SenderTable(nil, owner: "x") == nil)
        let silent = try self.table("route a") { $0.byCountry = ["DE": "Firma"] }
        #expect(sender([silent], to: british) == nil)
    }

    @Test func theMessagesOwnSenderGoesFirstAndTheRoutesBeforeTheProviders() throws {
        let route = try table("route a") { $0.byCountry = ["DE": "Route"] }
        let provider = try table("provider eu") {
            $0.byCountry = ["DE": "Provider"]
            $0.fallback = "12345"
        }
        #expect(sender([route, provider], "+4930123456", to: german) == nil)
        #expect(sender([route, provider], "ACME", to: german) == nil)
        #expect(sender([route, provider], to: german) == ["Route", "route a, DE"])
        #expect(sender([route, provider], to: british) == ["12345", "provider eu, other countries"])
    }

    @Test func namesGiveWayWhereTheyDoNotGetThrough() throws {
        let route = try table("route a") { $0.fallback = "+447400123456" }
        let provider = try table("provider eu") {
            $0.byCountry = ["US": "+15005550006", "DE": "Firma"]
            $0.fallback = "12345"
            $0.replaceNamesIn = ["US", "CA"]
        }
        let tables = [route, provider]
        #expect(sender(tables, "ACME", to: american) == ["+15005550006", "provider eu, which replaces names in US"])
        #expect(sender(tables, "ACME", to: canadian) == ["12345", "provider eu, which replaces names in CA"])
        #expect(sender(tables, "ACME", to: german) == nil)
        #expect(sender(tables, "+4930123456", to: american) == nil)
        #expect(sender(tables, "54321", to: american) == nil)
        // A name of the route's rules does so too.
        let named = try table("route b") { $0.byCountry = ["US": "Shop"] }
        #expect(sender([named, provider], to: american)?.first == "+15005550006")
        #expect(sender([named], to: american)?.first == "Shop")
    }

    @Test func whatTheTenantMayNotUseIsPassedOver() throws {
        let table = try table("provider eu") {
            $0.byCountry = ["DE": "Firma", "US": "+15005550006"]
            $0.fallback = "12345"
            $0.replaceNamesIn = ["US"]
        }
        let numbers: (String) -> Bool = { $0 != "Firma" }
        #expect(sender([table], to: german, where: numbers) == ["12345", "provider eu, other countries"])
        #expect(sender([table], to: german, where: { _ in false }) == nil)
        // Nothing that it may use: its own name stays.
        #expect(sender([table], "ACME", to: american, where: { $0 == "ACME" }) == nil)
        #expect(sender([table], "ACME", to: american, where: { $0 == "12345" })?.first == "12345")
    }
}
