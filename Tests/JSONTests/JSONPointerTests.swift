import JSON
import Testing

/// Places in a value, as RFC 6901 names them.
@Suite struct JSONPointerTests {
    @Test func pointersGoWhereRFC6901Says() throws {
        let document = try JSONValue(
            #"{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"~1":9,"o":{"x":[{"s":"0"},{"s":"0"}],"y":[{"s":0},{"s":1}]}}"#)
        let wanted: [(String, String?)] = [
            ("/foo/0", "bar"), ("/foo/1", "baz"), ("/foo/2", nil), ("/foo/01", nil), ("/foo/-", nil), ("/foo", nil),
            ("/", "0"), ("/a~1b", "1"), ("/m~0n", "8"), ("/~01", "9"), ("/nothing", nil), ("/o/x/*/s", "0"),
            ("/o/y/*/s", nil), ("/o/x/*/none", nil), ("/foo/99999999999999999999", nil),
        ]
        for (pointer, text) in wanted {
            #expect(try #require(JSONPointer(pointer)).text(in: document) == text, "\(pointer)")
        }
        for wrong in ["", "foo", "/a~", "/a~2b", "#/foo"] { #expect(JSONPointer(wrong) == nil, "\(wrong)") }
    }
}
