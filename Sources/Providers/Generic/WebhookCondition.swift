internal import ConfigurationModel
internal import JSON
internal import SMSModel

/// What has to stand in a field of a post for a rule to apply to it.
struct WebhookCondition: Hashable, Sendable {
    var field: WebhookField
    /// nil = anything, as long as it is there.
    var texts: Set<TextKey>?

    func holds(in fields: WebhookFields) -> Bool {
        guard let text = fields[field] else { return false }
        return texts?.contains(TextKey(text)) ?? true
    }
}

extension [WebhookCondition] {
    func hold(in fields: WebhookFields) -> Bool { allSatisfy { $0.holds(in: fields) } }

    /// Reads an object whose members are fields, each with a text, several texts, or `true` for anything.
    init(_ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage) {
        self = []
        let names = reader.names
        if names.count > Limits.httpAnswerConditions {
            reader.fault(
                names[Limits.httpAnswerConditions],
                "is one too many, at most \(Limits.httpAnswerConditions) are possible")
        }
        for name in names {
            let value = reader.take(name)
            guard let field = WebhookField(name) else {
                reader.fault(name, MemberReader.noField)
                continue
            }
            guard field.isCovered(by: coverage) else {
                reader.fault(name, MemberReader.notCovered)
                continue
            }
            let texts = (value?.array ?? [value ?? .null]).map(\.scalarText)
            if value == .bool(true) {
                append(WebhookCondition(field: field))
            } else if !texts.isEmpty, texts.allSatisfy({ $0 != nil }) {
                append(WebhookCondition(field: field, texts: Set(texts.compactMap { $0.map(TextKey.init) })))
            } else {
                reader.fault(name, "must be a text, an array of texts, or true for anything")
            }
        }
    }
}
