import Admission
import ConfigurationModel
import SMSModel
import Testing

@Suite struct SenderRulesTests {
    private func fields(_ change: (inout SenderRules) -> Void) -> [String] {
        var rules = SenderRules()
        change(&rules)
        return rules.violations.map(\.field)
    }

    @Test func sendersAndCountriesAreCheckedWhenTheyAreApplied() {
        #expect(fields { _ in } == [])
        #expect(
            fields {
                $0.byCountry = ["US": "+14155550100", "DE": "Firma", "GB": "12345"]
                $0.fallback = "+447400123456"
                $0.replaceNamesIn = ["US", "CA"]
            } == [])
        #expect(fields { $0.byCountry = ["ZZ": "Firma"] } == ["by_country.ZZ"])
        #expect(fields { $0.byCountry = ["DE": "+4912"] } == ["by_country.DE"])
        #expect(fields { $0.byCountry = ["DE": "Fir/ma"] } == ["by_country.DE"])
        #expect(fields { $0.fallback = "12" } == ["fallback"])
        #expect(fields { $0.replaceNamesIn = ["ZZ"] } == ["replace_names_in[0]"])
    }

    /// Where names don't get through, a name is no help.
    @Test func whatANameGivesWayToIsANumber() {
        #expect(fields { $0.fallback = "Firma" } == ["fallback"])
        #expect(fields { $0.replaceNamesIn = ["US"] } == ["replace_names_in[0]"])
        #expect(
            fields {
                $0.byCountry = ["US": "Firma"]
                $0.fallback = "+14155550100"
                $0.replaceNamesIn = ["CA", "US"]
            } == ["replace_names_in[1]"])
    }
}
