internal import HTTPTransport
internal import JSON
internal import SMSModel

/// Where a field of a webhook's request stands.
enum WebhookField: Hashable, Sendable {
    /// `/a/b`: a JSON pointer into the body.
    case json(JSONPointer)
    /// `form:NAME`: a field of the body.
    case form(String)
    /// `query:NAME`
    case query(String)
    /// `param:NAME`: of the body, a form's field or a JSON object's member; of the query if there is no body.
    case parameter(String)

    init?(_ text: String) {
        if text.hasPrefix("/") {
            guard let pointer = JSONPointer(text) else { return nil }
            self = .json(pointer)
            return
        }
        let words = text.split(separator: ":", maxSplits: 1)
        guard words.count == 2 else { return nil }
        let name = String(words[1])
        switch words[0] {
        case "form": self = .form(name)
        case "query": self = .query(name)
        case "param": self = .parameter(name)
        default: return nil
        }
    }
}

/// A webhook's request taken apart. A field that is there twice is not there: which one was meant is anybody's guess.
struct WebhookFields {
    let query: FormFields
    /// nil unless the body is a form.
    let form: FormFields?
    /// nil unless the body is JSON.
    private(set) var json: JSONValue?

    /// - Returns: nil if query or body can't be read.
    init?(_ request: WebhookRequest) {
        guard let query = FormFields(decoding: request.query.utf8) else { return nil }
        self.query = query
        guard !request.body.isEmpty else {
            form = nil
            json = nil
            return
        }
        if Self.isJSON(request) {
            guard let json = try? JSONValue(request.body) else { return nil }
            self.json = json
            form = nil
        } else {
            guard let form = FormFields(decoding: request.body) else { return nil }
            self.form = form
            json = nil
        }
    }

    /// The fields of one item of the body, which JSON pointers begin at; the query is that of the request.
    func item(_ json: JSONValue) -> WebhookFields {
        var fields = self
        fields.json = json
        return fields
    }

    private static func isJSON(_ request: WebhookRequest) -> Bool {
        request.mediaType?.contains("json") ?? false
    }

    /// What stands there, unless it is empty.
    subscript(_ field: WebhookField) -> String? {
        let text =
            switch field {
            case .json(let pointer): json.flatMap(pointer.text)
            case .form(let name): form?.only(name)
            case .query(let name): query.only(name)
            case .parameter(let name): json.map { $0[name]?.scalarText } ?? (form ?? query).only(name)
            }
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Every text that stands there: several only by a `*` in a JSON pointer.
    func all(_ field: WebhookField) -> [String] {
        guard case .json(let pointer) = field else { return self[field].map { [$0] } ?? [] }
        return json.map { pointer.values(in: $0).compactMap(\.scalarText).filter { !$0.isEmpty } } ?? []
    }

    /// All parameters of the request; nil if some are no texts, or there are too many.
    var parameters: [FormFields.Field]? {
        guard let json else { return (form ?? query).fields }
        guard let members = json.object, members.count <= Limits.formFields else { return nil }
        var fields: [FormFields.Field] = []
        for (name, value) in members where value != .null {
            guard let text = value.scalarText else { return nil }
            fields.append(FormFields.Field(name.text, text))
        }
        return fields
    }
}
