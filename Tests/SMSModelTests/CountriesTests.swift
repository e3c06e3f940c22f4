import GatewayTestKit
import Testing

@testable import SMSModel

@Suite struct CountriesTests {
    @Test(arguments: [
        ("+4915123456789", "DE"), ("+14155550100", "US"), ("+15005550001", "US"), ("+16135550100", "CA"),
        ("+18095550100", "DO"), ("+18765550100", "JM"), ("+77012345678", "KZ"), ("+79161234567", "RU"),
        ("+447400123456", "GB"), ("+447781123456", "GG"), ("+447797123456", "JE"), ("+447624123456", "IM"),
        ("+390669812345", "VA"), ("+390612345678", "IT"), ("+4779123456", "SJ"), ("+4722123456", "NO"),
        ("+35818123456", "AX"), ("+358401234567", "FI"), ("+61891641234", "CX"), ("+61891621234", "CC"),
        ("+61291234567", "AU"), ("+262269601234", "YT"), ("+262692123456", "RE"), ("+2908123", "TA"),
        ("+29051234", "SH"), ("+5993181234", "BQ"), ("+59995181234", "CW"), ("+212528812345", "MA"),
    ])
    func theFirstDigitsTell(_ number: String, _ code: String) throws {
        #expect(country(of: number) == code)
    }

    @Test func whatNobodyHasIsTheMainCountrys() {
        #expect(country(of: "+12005550100") == "US")
        #expect(country(of: "+70000000000") == "RU")
    }

    @Test(arguments: ["+80012345678", "+870773111632", "+8812345678", "+999123", "+", ""])
    func someNumbersAreOfNoCountry(_ number: String) {
        #expect(country(of: number) == nil)
    }

    @Test func codesAreThoseOfISO() {
        #expect(Countries.all.codes == Countries.all.codes.sorted())
        #expect(Set(Countries.all.codes).count == 244)
        #expect(Countries.all.codes.allSatisfy { $0.utf8.count == 2 })
        for code in ["de", "UK", "", "DEU", "001", "EH"] { #expect(Countries.all.number(of: code) == nil) }
        let germany = Countries.all.number(of: "DE")
        #expect(germany.map(Countries.all.code) == "DE")
    }

    /// Numbers of every country calling code, country and kind.
    @Test func agreesWithPhonenumbers() throws {
        let codes = (1...999).filter { CountryCodes.nationalLengths($0) != 0 }.map(String.init)
        let answers = try Oracle("countries.py").answers(to: codes, as: [[String]].self)
        var seen: Set<String> = []
        var count = 0
        for number in answers.joined() {
            #expect(country(of: number[0]) ?? "" == number[1], "\(number[0])")
            seen.insert(number[1])
            count += 1
        }
        #expect(seen.subtracting([""]) == Set(Countries.all.codes))
        #expect(count > 20_000)
    }

    private func country(of number: String) -> String? {
        let (country, _) = Array(number.utf8).withUnsafeBytes(Countries.all.country(of:))
        return country == 0 ? nil : Countries.all.code(country)
    }
}
