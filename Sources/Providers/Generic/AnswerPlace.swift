internal import HTTPTransport
internal import JSON

/// A place in a carrier's answer.
enum AnswerPlace: Hashable, Sendable {
    /// `/a/b`: a JSON pointer into the body.
    case json(JSONPointer)
    /// `header:NAME`, in lower case.
    case header(String)
    /// `segment:NAME`: the last segment of the path of the URL that the header holds, such as `Location`.
    case segment(String)
    /// `text:BEFORE*AFTER`: what stands in the body between two texts; without AFTER to the end of the line, and
    /// without both the whole body.
    case text(before: String, after: String)

    init?(_ text: String) {
        if text.hasPrefix("/") {
            guard let pointer = JSONPointer(text) else { return nil }
            self = .json(pointer)
            return
        }
        let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, !words[1].isEmpty else { return nil }
        switch words[0] {
        case "header": self = .header(words[1].lowercased())
        case "segment": self = .segment(words[1].lowercased())
        case "text":
            let ends = words[1].split(separator: "*", omittingEmptySubsequences: false)
            guard ends.count == 2 else { return nil }
            self = .text(before: String(ends[0]), after: String(ends[1]))
        default: return nil
        }
    }

    static let form =
        "must be a JSON pointer (RFC 6901) such as /messages/0/id, or header:NAME, segment:NAME or text:BEFORE*AFTER"

    /// Whether several values may stand there.
    var isForSeveral: Bool {
        if case .json(let pointer) = self { pointer.isForSeveral } else { false }
    }

    /// The header that it needs.
    var headerName: String? {
        switch self {
        case .header(let name), .segment(let name): name
        case .json, .text: nil
        }
    }
}

/// An answer, or an element of it.
struct AnswerContent {
    /// nil = it is no JSON.
    let json: JSONValue?
    let response: HTTPResponse

    init(_ response: HTTPResponse) {
        self.response = response
        json = response.isBodyCut ? nil : try? JSONValue(response.body)
    }

    private init(_ json: JSONValue, of response: HTTPResponse) {
        self.json = json
        self.response = response
    }

    func element(_ json: JSONValue) -> AnswerContent { AnswerContent(json, of: response) }

    /// What stands there; several values only by `*` in a JSON pointer.
    func values(_ place: AnswerPlace) -> [JSONValue] {
        switch place {
        case .json(let pointer): json.map(pointer.values) ?? []
        case .header(let name): response.header(name).map { [.string($0)] } ?? []
        case .segment(let name):
            response.header(name).flatMap(Self.lastSegment).map { [.string($0)] } ?? []
        case .text(let before, let after):
            response.isBodyCut
                ? [] : Self.text(in: response.body, between: before, after).map { [.string($0)] } ?? []
        }
    }

    /// The text of a string, number or boolean; nil if there is none, or several that differ.
    func text(_ place: AnswerPlace) -> String? {
        let texts = values(place).map(\.scalarText)
        guard let first = texts.first, texts.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    private static func lastSegment(_ url: String) -> String? {
        url.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last.map(String.init)
    }

    private static func text(in body: [UInt8], between before: String, _ after: String) -> String? {
        guard let whole = String(validating: body, as: UTF8.self) else { return nil }
        var rest = whole[...]
        if !before.isEmpty {
            guard let start = rest.firstRange(of: before) else { return nil }
            rest = rest[start.upperBound...]
        }
        if !after.isEmpty {
            guard let end = rest.firstRange(of: after) else { return nil }
            rest = rest[..<end.lowerBound]
        } else if !before.isEmpty {
            rest = rest.prefix { !$0.isNewline }
        }
        rest = rest.drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest.isEmpty ? nil : String(rest)
    }
}
