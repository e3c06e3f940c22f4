internal import ConfigurationModel
internal import JSON
internal import SMSModel

extension LookUpRules {
    /// - Parameters:
    ///   - statuses: the meanings of statuses in receipts, where nothing else is said.
    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(
        _ reader: inout MemberReader, _ authentication: RequestAuthentication,
        statuses: [TextKey: GenericWebhook.ReceiptFields.Meaning], in scope: TemplateScope
    ) {
        search = reader.object("message") { Search(&$0, authentication, in: scope.with(TemplateVariable.ofQuestion)) }
        status = reader.object("status") { Status(&$0, authentication, in: scope.with([.providerID])) }
        meanings = statuses
        if reader.take("statuses") != nil {
            guard let own = GenericWebhook.ReceiptFields.meanings(&reader) else { return nil }
            meanings = own
        }
        if reader.take("message") == nil, reader.take("status") == nil {
            reader.fault("message", "is missing, and so is status: one of them says what can be asked")
        }
        if meanings.isEmpty, status != nil || search?.statusPlace != nil {
            reader.fault("statuses", "is missing, and so is receipt.statuses: one of them says what statuses mean")
        }
    }
}

extension LookUpRules.Search {
    fileprivate init?(
        _ reader: inout MemberReader, _ authentication: RequestAuthentication, in scope: TemplateScope
    ) {
        let request =
            reader.needed("request", "it says what the carrier is asked")
            ? reader.object("request") { RequestTemplate(&$0, authentication, or: .get, in: scope) } : nil
        items = reader.wholePointer("items")
        let id = reader.needed("id", "it is where the carrier's id of the message stands") ? reader.pointer("id") : nil
        let (token, to, text, at) = (
            reader.pointer("token"), reader.pointer("to"), reader.pointer("text"), reader.pointer("at")
        )
        statusPlace = reader.pointer("status")
        error = reader.pointer("error")
        guard let request, let id else { return nil }
        self.request = request
        self.id = id
        if let token {
            for name in ["to", "text", "at"] where reader.take(name) != nil {
                reader.fault(name, "is there together with token, which decides alone")
            }
            match = .token(token)
        } else if let to, let text {
            match = .content(to: to, text: text, at: at)
        } else {
            reader.fault("token", "is missing, and so are to and text: they say which message is meant")
            return nil
        }
    }
}

extension LookUpRules.Status {
    fileprivate init?(
        _ reader: inout MemberReader, _ authentication: RequestAuthentication, in scope: TemplateScope
    ) {
        let request =
            reader.needed("request", "it says what the carrier is asked")
            ? reader.object("request") { RequestTemplate(&$0, authentication, or: .get, in: scope) } : nil
        let status =
            reader.needed("status", "it is where the message's status stands") ? reader.pointer("status") : nil
        error = reader.pointer("error")
        guard let request, let status else { return nil }
        self.request = request
        self.status = status
    }
}
