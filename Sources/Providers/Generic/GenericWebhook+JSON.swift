internal import ConfigurationModel
internal import JSON
internal import SMSModel

extension GenericDescription.Webhook {
    /// - Returns: nil if there is none, or it is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader, in scope: TemplateScope) {
        let hasReceipt = reader.take("receipt") != nil
        let hasInbound = reader.take("inbound") != nil
        guard hasReceipt || hasInbound else {
            for name in ["signature", "items", "ignore"] where reader.take(name) != nil {
                reader.fault(name, "is there without receipt or inbound")
            }
            return nil
        }
        guard
            reader.needed(
                "signature",
                "it says how the carrier's requests are told from forged ones; where the carrier has no "
                    + "means for it, the scheme is none"),
            let signature = reader.object("signature", { WebhookSignature(&$0, in: scope) })
        else { return nil }
        if case .none = signature, hasInbound {
            reader.fault("inbound", "can't be believed with a signature of the scheme none: anybody could post them")
        }
        let coverage = signature.coverage
        var isUnsigned = false
        if case .none = signature { isUnsigned = true }
        receipt = reader.object("receipt") {
            GenericWebhook.ReceiptFields(&$0, coverage, needsToken: isUnsigned)
        }
        inbound = reader.object("inbound") { GenericWebhook.InboundFields(&$0, coverage) }
        items = Self.items(&reader, coverage)
        ignored = Self.ignored(&reader, coverage)
        self.signature = signature
    }

    private static func items(_ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage) -> JSONPointer? {
        guard let items = reader.wholePointer("items") else { return nil }
        if !WebhookField.json(items).isCovered(by: coverage) { reader.fault("items", MemberReader.notCovered) }
        return items
    }

    private static func ignored(
        _ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage
    ) -> [[WebhookCondition]] {
        var hasEmpty = false
        let rules =
            reader.objects("ignore", atMost: Limits.httpIgnoreRules) {
                (rule: inout MemberReader) -> [WebhookCondition]? in
                hasEmpty = hasEmpty || rule.names.isEmpty
                return [WebhookCondition](&rule, coverage)
            } ?? []
        if hasEmpty { reader.fault("ignore", "has a rule without a field, which would hold for every post") }
        return rules
    }
}

extension MemberReader {
    /// A JSON pointer that may be empty, which is the whole value.
    mutating func wholePointer(_ name: String) -> JSONPointer? {
        if take(name) == .string("") { return .whole }
        return pointer(name)
    }

    /// The conditions under which a post is of a kind; none if it is left out.
    fileprivate mutating func conditions(
        _ name: String, _ coverage: WebhookSignature.Coverage
    ) -> [WebhookCondition] {
        object(name) { [WebhookCondition](&$0, coverage) } ?? []
    }

    /// - Parameter coverage: nil for the token, which shows by itself whose it is.
    fileprivate mutating func field(_ name: String, _ coverage: WebhookSignature.Coverage?) -> WebhookField? {
        guard let text = string(name) else { return nil }
        guard let field = WebhookField(text) else {
            fault(name, Self.noField)
            return nil
        }
        guard field.isCovered(by: coverage) else {
            fault(name, Self.notCovered)
            return nil
        }
        return field
    }

    static let noField =
        "must be a JSON pointer such as /message/id, or param:NAME, form:NAME or query:NAME"
    static let notCovered = "stands where the signature doesn't reach; try param:NAME"

    fileprivate mutating func neededField(_ name: String, _ coverage: WebhookSignature.Coverage) -> WebhookField? {
        needed(name, "it says where it stands, such as param:NAME") ? field(name, coverage) : nil
    }
}

extension GenericWebhook.ReceiptFields {
    fileprivate init?(_ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage, needsToken: Bool) {
        let token = reader.field("token", nil)
        let id = reader.field("id", coverage)
        let parent = reader.field("parent", coverage)
        let part = reader.field("part", coverage)
        let parts = reader.field("parts", coverage)
        let status = reader.neededField("status", coverage)
        let error = reader.field("error", coverage)
        let conditions = reader.conditions("when", coverage)
        let meanings = Self.meanings(&reader)
        if reader.take("token") == nil, needsToken {
            reader.fault("token", "is missing: with a signature of the scheme none it is all that can be believed")
        } else if reader.take("token") == nil, reader.take("id") == nil {
            reader.fault("id", "is missing, and so is token: a receipt is for a message that one of them names")
        }
        if reader.take("parts") != nil, reader.take("part") == nil {
            reader.fault("parts", "is there without part, which says which of them it is")
        }
        if reader.take("parent") != nil, reader.take("id") == nil {
            reader.fault("parent", "is there without id, which is that of the part")
        }
        guard let status, let meanings else { return nil }
        self.init(
            conditions: conditions, token: token, id: id, parent: parent, part: part, parts: parts, status: status,
            error: error, meanings: meanings)
    }

    static func meanings(_ reader: inout MemberReader) -> [TextKey: Meaning]? {
        guard reader.needed("statuses", "it says what the carrier's statuses mean") else { return nil }
        let words = Meaning.allCases.map(\.rawValue).joined(separator: ", ")
        guard let members = reader.take("statuses")?.object, members.count <= Limits.httpReceiptStatuses else {
            reader.fault("statuses", "must be an object of at most \(Limits.httpReceiptStatuses) statuses")
            return nil
        }
        var meanings: [TextKey: Meaning] = [:]
        for (status, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let meaning = value.string.flatMap(Meaning.init) else {
                reader.fault("statuses.\(status)", "must be one of \(words)")
                continue
            }
            meanings[status.text.lowercased()] = meaning
        }
        return meanings
    }
}

extension GenericWebhook.InboundFields {
    fileprivate init?(_ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage) {
        let conditions = reader.conditions("when", coverage)
        let id = reader.neededField("id", coverage)
        let from = reader.neededField("from", coverage)
        let to = reader.neededField("to", coverage)
        let texts = Self.texts(&reader, coverage)
        let optOut = reader.field("opt_out", coverage)
        let actions = Self.actions(&reader)
        let media = Self.media(&reader, coverage)
        let part = reader.object("part") { GenericWebhook.PartFields(&$0, coverage) }
        guard let id, let from, let to, let texts else { return nil }
        self.init(
            conditions: conditions, id: id, from: from, to: to, texts: texts, optOut: optOut, optOutActions: actions,
            media: media, part: part)
    }

    /// What the values of `opt_out` mean: by themselves STOP, START and HELP.
    private static func actions(_ reader: inout MemberReader) -> [TextKey: OptOutAction] {
        let plain = Dictionary(uniqueKeysWithValues: OptOutAction.allCases.map { (TextKey($0.rawValue), $0) })
        guard let value = reader.take("opt_outs") else { return plain }
        if reader.take("opt_out") == nil { reader.fault("opt_outs", "needs opt_out, whose values it explains") }
        guard let members = value.object, members.count <= Limits.httpReceiptStatuses else {
            reader.fault("opt_outs", "must be an object of at most \(Limits.httpReceiptStatuses) values")
            return plain
        }
        var actions: [TextKey: OptOutAction] = [:]
        for (word, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let action = value.string.flatMap(OptOutAction.init) else {
                reader.fault("opt_outs.\(word)", "must be one of stop, start, help")
                continue
            }
            actions[word.text.lowercased()] = action
        }
        return actions
    }

    /// A field, or several.
    private static func texts(
        _ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage
    ) -> [WebhookField]? {
        guard case .array? = reader.take("text") else { return reader.neededField("text", coverage).map { [$0] } }
        return fields("text", &reader, coverage)
    }

    private static func media(
        _ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage
    ) -> [WebhookField] {
        fields("media", &reader, coverage)
    }

    private static func fields(
        _ name: String, _ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage
    ) -> [WebhookField] {
        reader.array(name, atMost: Limits.inboundMedia) { value, path, violations in
            guard let field = value.string.flatMap(WebhookField.init) else {
                violations.append(FieldViolation(field: path, description: MemberReader.noField))
                return nil
            }
            guard field.isCovered(by: coverage) else {
                violations.append(FieldViolation(field: path, description: MemberReader.notCovered))
                return nil
            }
            return field
        } ?? []
    }
}

extension GenericWebhook.PartFields {
    fileprivate init?(_ reader: inout MemberReader, _ coverage: WebhookSignature.Coverage) {
        let reference = reader.neededField("reference", coverage)
        let total = reader.neededField("total", coverage)
        let number = reader.neededField("number", coverage)
        guard let reference, let total, let number else { return nil }
        self.init(reference: reference, total: total, number: number)
    }
}

extension WebhookField {
    /// - Parameter coverage: nil where it need not be signed.
    func isCovered(by coverage: WebhookSignature.Coverage?) -> Bool {
        switch (coverage, self) {
        case (nil, _), (.everything, _), (_, .parameter): true
        case (.body, .json), (.body, .form): true
        case (.formAndQuery, .form), (.formAndQuery, .query): true
        default: false
        }
    }
}
