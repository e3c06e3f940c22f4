internal import ConfigurationModel
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Members that are read of a carrier's answer, besides what the strict parser makes of the whole.
@Suite struct JSONMembersTests {
    private func members(_ text: String) -> JSONMembers? { JSONMembers("sid", "code", of: Array(text.utf8)) }

    @Test func whatMattersIsReadWhateverStandsAround() throws {
        let found = try #require(
            members(
                #" { "a" : [1, {"sid": "no"}, null], "sid" :"SM1" , "b":{"code":7},"code":-30,"c":1e400,"d":"é\u00e9" } "#
            ))
        #expect(found["sid"] == .string("SM1"))
        #expect(found["code"] == .integer(-30))
    }

    @Test(arguments: [
        (#"{"sid":null}"#, JSONMembers.Value.null),
        (#"{"sid":"a\"\\\/\b\f\n\r\tb"}"#, .string("a\"\\/\u{8}\u{C}\n\r\tb")),
        (#"{"sid":"\ud83d\udc4b é"}"#, .string("👋 é")), (#"{"\u0073id":1}"#, .integer(1)), (#"{"sid":1.5}"#, .other),
        (#"{"sid":99999999999999999999}"#, .other), (#"{"sid":[1]}"#, .other), (#"{"sid":{}}"#, .other),
        (#"{"sid":true}"#, .other), (#"{"sid":""}"#, .string("")), (#"{"sid":0}"#, .integer(0)),
    ])
    func values(_ text: String, _ value: JSONMembers.Value) throws {
        let found = try #require(members(text))
        #expect(found["sid"] == value)
        #expect(found["code"] == nil)
    }

    @Test(arguments: [
        "", " ", "null", "[]", "\"sid\"", "{", "{}x", "{} {}",
        #"{"sid"}"#, #"{"sid":}"#, #"{"sid":1,}"#, #"{,"sid":1}"#,
        #"{"sid":1 "code":2}"#, #"{"sid":"a}"#, #"{"sid":01}"#, #"{"sid":1.}"#, #"{"sid":.5}"#, #"{"sid":+1}"#,
        #"{"sid":1e}"#, #"{"sid":-}"#, #"{"sid":nul}"#, #"{"sid":True}"#, #"{"sid":"\x"}"#, #"{"sid":"\u12"}"#,
        #"{"sid":"\ud800"}"#, "{\"sid\":\"a\nb\"}", #"{"sid":1,"sid":1}"#, #"{"sid":1,"\u0073id":1}"#, #"{"a":[1}"#,
        #"{'sid':1}"#, #"{"sid":1}//"#,
    ])
    func whatIsNoObjectIsNot(_ text: String) { #expect(members(text) == nil, "\(text)") }

    @Test func itIsUTF8AndNoDeeperThanIsAllowed() {
        #expect(JSONMembers("sid", of: Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)) == nil)
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(members(nested(Limits.jsonDepth - 1)) != nil)
        #expect(members(nested(Limits.jsonDepth)) == nil)
    }

    /// Cut off anywhere, or with a byte changed, it is taken for an object only where the strict parser takes it for one.
    @Test func theStrictParserAgrees() {
        let text = Array(#"{"sid":"SM1\n","n":[-1.5e3,{"x":null,"y":true}],"code":21211,"é":"👋"}"#.utf8)
        var generator = SeededGenerator(seed: 7)
        for round in 0..<20_000 {
            var changed = text
            if round < text.count {
                changed.removeLast(text.count - round)
            } else {
                for _ in 0...Int.random(in: 0...2, using: &generator) {
                    changed[Int.random(in: 0..<changed.count, using: &generator)] =
                        Array(#"{}[]",:\0123eE+-.untruefals"#.utf8).randomElement(using: &generator)!
                }
            }
            guard let found = JSONMembers("sid", "code", of: changed) else { continue }
            // It lets pass what the parser refuses for its own sake: two members of a name that nobody asks for, a number
            // beyond a double's range, half of a surrogate pair.
            guard let value = try? JSONValue(changed) else { continue }
            #expect(found["sid"]?.string == value["sid"]?.string, "\(String(decoding: changed, as: UTF8.self))")
            if let code = value["code"]?.integer, found["code"]?.integer != nil {
                #expect(found["code"] == .integer(Int(code)))
            }
        }
    }

    @Test func whatTheStrictParserTakesIsTakenHereToo() {
        let text = Array(#"{"sid":"SM1\n","n":[-1.5e3,{"x":null,"y":true}],"code":21211,"é":"👋"}"#.utf8)
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<20_000 {
            var changed = text
            changed[Int.random(in: 0..<changed.count, using: &generator)] =
                Array(#"{}[]",:\0123eE+-. "#.utf8).randomElement(using: &generator)!
            guard case .object? = try? JSONValue(changed) else { continue }
            #expect(JSONMembers("sid", "code", of: changed) != nil, "\(String(decoding: changed, as: UTF8.self))")
        }
    }
}
