import Testing

@testable import ConfigurationModel

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "abc", 3), ("abc", "abd", 1), ("abc", "ab", 1),
        ("ab", "abc", 1), ("abc", "acb", 1), ("abcd", "badc", 2), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
    func distances(_ first: String, _ second: String, _ expected: Int) {
        #expect(NearestName.distance(first, second) == expected)
        #expect(NearestName.distance(second, first) == expected)
    }

    @Test(arguments: [
        ("dta", "data"), ("dat", "data"), ("daat", "data"), ("connection", "connections"), ("storage", nil),
        ("x", nil), ("data", "data"), ("conections", "connections"),
        // A third of the characters may differ, and no more.
        ("connect", nil), ("connectio", "connections"),
    ])
    func nearest(_ name: String, _ expected: String?) {
        #expect(NearestName.of(name, among: ["connections", "data", "http"]) == expected, "\(name)")
    }

    @Test func ofTwoThatAreEquallyNearItIsTheFirstInTheAlphabet() {
        #expect(NearestName.of("rcd", among: ["rpd", "rcc"]) == "rcc")
        #expect(NearestName.of("rcd", among: ["rcc", "rpd"]) == "rcc")
    }

    @Test func longNamesAreNotCompared() {
        let longest = String(repeating: "a", count: 64)
        #expect(NearestName.of(longest + "a", among: [longest]) == nil)
        #expect(NearestName.of(longest.dropLast() + "b", among: [longest]) == longest)
    }
}
