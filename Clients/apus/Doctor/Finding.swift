/// What one check of the installation has found.
struct Finding: Equatable {
    enum Result: String, CaseIterable {
        case ok
        /// The gateway works, and yet it is worth a look.
        case warning
        case failure
        /// It could not be found out.
        case skipped
    }

    /// What was looked at, in a word or two.
    var name: String
    var result: Result
    /// What was found and why it is so.
    var detail: String
    /// What to do about it; nil = nothing.
    var advice: String?

    init(_ name: String, _ result: Result, _ detail: String, advice: String? = nil) {
        self.name = name
        self.result = result
        self.detail = detail
        self.advice = advice
    }

    var json: JSONOutput {
        .object([
            ("name", .string(name)), ("result", .string(result.rawValue)), ("detail", .string(detail)),
            ("advice", advice.map(JSONOutput.string) ?? .null),
        ])
    }
}

extension [Finding] {
    func count(of result: Finding.Result) -> Int { count { $0.result == result } }

    var json: JSONOutput {
        .object([
            ("findings", .array(map(\.json))), ("failures", .integer(Int64(count(of: .failure)))),
            ("warnings", .integer(Int64(count(of: .warning)))),
        ])
    }

    var text: String {
        let rows = flatMap { finding in
            [(finding.name, "\(finding.result.rawValue)" + (finding.detail.isEmpty ? "" : ": \(finding.detail)"))]
                + (finding.advice.map { [("", "-> \($0)")] } ?? [])
        }
        return TextTable.list(rows, indent: "")
    }
}
