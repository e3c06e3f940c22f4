internal import ConfigurationModel
internal import JSON
internal import SMSModel

extension AnswerRule {
    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader) {
        let statuses = Self.statuses(&reader)
        let conditions = Self.conditions(&reader)
        let codes = Self.codes(&reader)
        let meaning = Self.meaning(&reader, codes: codes)
        let (id, code, text) = (reader.place("id"), reader.place("code"), reader.place("text"))
        let parts = reader.pointer("parts")
        guard let statuses, let conditions, let codes, let meaning else { return nil }
        if !codes.isEmpty, code == nil { reader.fault("codes", "needs code, which says where the code stands") }
        if reader.take("parts") != nil, meaning != .accepted || !codes.isEmpty {
            reader.fault("parts", "is only for a rule whose outcome is accepted, and that has no codes")
        }
        let meanings = [meaning] + codes.values
        if meanings.contains(.accepted), reader.take("id") == nil {
            reader.fault("id", "is missing: a message that was accepted is known by the carrier's id")
        }
        if meaning.refusal != nil, !conditions.contains(where: \.isOwnWord),
            !statuses.allSatisfy({ $0.allSatisfy(AnswerRule.isRefusal) })
        {
            reader.fault(
                "outcome",
                "says that the message was surely not taken, which only a status from 400 to 499 other than 408 says by "
                    + "itself; for others, name in `when` what the carrier's own answer has, or say unknown")
        }
        self.init(
            statuses: statuses, conditions: conditions, meaning: meaning, parts: parts, id: id, code: code, text: text,
            codes: codes)
    }

    /// `"200-299,400"`; without it, any.
    private static func statuses(_ reader: inout MemberReader) -> [ClosedRange<Int>]? {
        guard let text = reader.string("status") else { return [200...599] }
        let ranges = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> ClosedRange<Int>? in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { end in
                Int(end.filter { $0 != " " }).flatMap { (200...599).contains($0) ? $0 : nil }
            }
            guard ends.count <= 2, let first = ends.first, let first, let last = ends.last, let last, first <= last
            else { return nil }
            return first...last
        }
        guard ranges.allSatisfy({ $0 != nil }) else {
            reader.fault("status", "must be statuses from 200 to 599 and ranges of them, such as 200-299 or 400,422")
            return nil
        }
        return ranges.compactMap(\.self)
    }

    static func conditions(_ reader: inout MemberReader) -> [Condition]? {
        guard let value = reader.take("when") else { return [] }
        guard let members = value.object, members.count <= Limits.httpAnswerConditions else {
            reader.fault("when", "must be an object of at most \(Limits.httpAnswerConditions) places in the answer")
            return nil
        }
        var conditions: [Condition] = []
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let name = key.text
            guard let place = AnswerPlace(name) else {
                reader.fault("when.\(name)", AnswerPlace.form)
                return nil
            }
            if value == .bool(true) {
                conditions.append(Condition(place: place))
                continue
            }
            let texts = (value.array ?? [value]).map(\.scalarText)
            guard !texts.isEmpty, texts.allSatisfy({ $0 != nil }) else {
                reader.fault("when.\(name)", "must be a text, an array of texts, or true for anything")
                return nil
            }
            conditions.append(Condition(place: place, texts: Set(texts.compactMap { $0.map(TextKey.init) })))
        }
        return conditions
    }

    private static let meanings = Meaning.allCases.map(\.rawValue).joined(separator: ", ")

    private static func codes(_ reader: inout MemberReader) -> [TextKey: Meaning]? {
        guard let value = reader.take("codes") else { return [:] }
        guard let members = value.object, members.count <= Limits.httpAnswerCodes else {
            reader.fault("codes", "must be an object of at most \(Limits.httpAnswerCodes) codes")
            return nil
        }
        var codes: [TextKey: Meaning] = [:]
        for (code, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let meaning = value.string.flatMap(Meaning.init) else {
                reader.fault("codes.\(code)", "must be one of \(meanings)")
                continue
            }
            codes[code] = meaning
        }
        return codes
    }

    private static func meaning(_ reader: inout MemberReader, codes: [TextKey: Meaning]?) -> Meaning? {
        guard let text = reader.string("outcome") else {
            if codes?.isEmpty ?? false { reader.fault("outcome", "is missing: one of \(meanings)") }
            return .unknown
        }
        guard let meaning = Meaning(rawValue: text) else {
            reader.fault("outcome", "must be one of \(meanings)")
            return nil
        }
        return meaning
    }
}

extension MemberReader {
    mutating func place(_ name: String) -> AnswerPlace? {
        guard let text = string(name) else { return nil }
        guard let place = AnswerPlace(text) else {
            fault(name, AnswerPlace.form)
            return nil
        }
        return place
    }

    mutating func pointer(_ name: String) -> JSONPointer? {
        guard let text = string(name) else { return nil }
        guard let pointer = JSONPointer(text) else {
            fault(name, "must be a JSON pointer (RFC 6901), such as /messages/0/id")
            return nil
        }
        return pointer
    }
}
