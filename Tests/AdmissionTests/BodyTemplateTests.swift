import Admission
import GatewayTestKit
import SMSModel
import Testing

@Suite struct BodyTemplateTests {
    private let bytes = Bytes()

    @Test(
        arguments: [
            ("", [], ""),
            ("no placeholder", [], "no placeholder"),
            ("{{name}}", ["name"], "Jane"),
            ("Hello {{name}}, {{_n2}}{{name}}!", ["_n2", "name"], "Hello Jane, 7Jane!"),
            ("{ {{name}} } }}", ["name"], "{ Jane } }}"),
            ("{{{{name}}", [], "{{name}}"),
            ("{{{{{{name}}}}", ["name"], "{{Jane}}"),
            ("{{{{", [], "{{"),
            ("{{{{{", [], "{{{"),
            ("a{", [], "a{"),
            ("{{empty}}", ["empty"], ""),
            ("ж{{name}}ж", ["name"], "жJaneж"),
        ] as [(String, [String], String)])
    func renders(_ template: String, _ names: [String], _ body: String) throws {
        let values = ["name": "Jane", "_n2": "7", "empty": ""]
        var output = Array("before:".utf8)
        let variables = try variables(names.map { ($0, try #require(values[$0])) })
        #expect(try BodyTemplate(bytes(template)).render(variables, into: &output) == [])
        #expect(String(decoding: output, as: UTF8.self) == "before:" + body)
    }

    @Test func aValueIsNotATemplate() throws {
        let (body, _) = try render("{{a}}", [("a", "{{b}}")])
        #expect(body == "{{b}}")
    }

    @Test(arguments: [
        ("{{", 0), ("x{{}}", 1), ("{{1a}}", 0), ("{{a b}}", 0), ("{{ a }}", 0), ("{{a}", 0), ("{{a", 0), ("{{é}}", 0),
        ("{{{a}}", 0), ("ok {{a}} {{b-c}}", 9), ("{{" + String(repeating: "a", count: 33) + "}}", 0),
    ])
    func refusesWhatIsNoPlaceholder(_ template: String, _ offset: Int) {
        #expect(throws: TemplateProblem.badPlaceholder(offset: offset)) { try BodyTemplate(bytes(template)) }
    }

    @Test func namesHaveUpTo32Characters() throws {
        let name = "_" + String(repeating: "Z", count: 31)
        #expect(try render("{{\(name)}}", [(name, "x")]).0 == "x")
    }

    @Test func placeholdersAreBounded() throws {
        let most = String(repeating: "{{a}}", count: Limits.templateVariables)
        #expect(try render(most, [("a", "x")]).0 == String(repeating: "x", count: Limits.templateVariables))
        #expect(throws: TemplateProblem.tooManyPlaceholders) { try BodyTemplate(bytes(most + "{{a}}")) }
        #expect(throws: TemplateProblem.tooLong) { try BodyTemplate(bytes(Array(repeating: 0x61, count: 1 << 20))) }
    }

    @Test func namesTheVariablesThatAreWrong() throws {
        let (body, violations) = try render("{{a}} {{b}} {{b}} {{c}}", [("c", "1"), ("d", "2"), ("c", "3")])
        #expect(body == "")
        #expect(violations.map(\.field) == ["variables.a", "variables.b", "variables.d", "variables.c"])
        #expect(violations.map(\.description).last == "The variable is given twice.")
        #expect(try render("{{a}}", [("A", "1")]).1.map(\.field) == ["variables.a", "variables.A"])
    }

    /// There are as many names as there can be, each found by its own.
    @Test func manyVariablesAreToldApart() throws {
        let names = (0..<Limits.templateVariables).map { "v\($0)" }
        let template = names.map { "{{\($0)}}," }.joined()
        let (body, violations) = try render(template, names.reversed().map { ($0, $0.uppercased()) })
        #expect(violations == [])
        #expect(body == names.map { $0.uppercased() + "," }.joined())
    }

    @Test func variablesAreBounded() throws {
        let many = (0...Limits.templateVariables).map { ("v\($0)", "x") }
        #expect(try render("{{v0}}", many).1.map(\.field) == ["variables"])
        #expect(try render("{{a}}", Array(many.dropLast())).1.count == Limits.violationsPerRefusal)
    }

    @Test func aRenderedBodyIsBounded() throws {
        let most = String(repeating: "x", count: 4 * Limits.bodyScalars)
        #expect(try render("{{a}}", [("a", most)]).0 == most)
        let (body, violations) = try render("{{a}}!", [("a", most)])
        #expect(violations.map(\.field) == ["body"])
        #expect(body == "")
    }

    private func variables(_ pairs: [(String, String)]) -> [TemplateVariable] {
        pairs.map { TemplateVariable(name: bytes($0.0), value: bytes($0.1)) }
    }

    private func render(_ template: String, _ pairs: [(String, String)]) throws -> (String, [FieldViolation]) {
        var output: [UInt8] = []
        let violations = try BodyTemplate(bytes(template)).render(variables(pairs), into: &output)
        return (String(decoding: output, as: UTF8.self), violations)
    }
}
