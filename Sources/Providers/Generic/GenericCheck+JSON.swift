internal import ConfigurationModel

extension CheckRules {
    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader, _ authentication: RequestAuthentication, in scope: TemplateScope) {
        let request =
            reader.needed("request", "it says what the carrier is asked")
            ? reader.object("request") { RequestTemplate(&$0, authentication, or: .get, in: scope.with([])) } : nil
        let conditions =
            reader.needed("when", "it says what the carrier's own answer has")
            ? AnswerRule.conditions(&reader) : nil
        detail = reader.place("detail")
        guard let request, let conditions else { return nil }
        if !conditions.contains(where: \.isOwnWord) {
            reader.fault("when", "says nothing that a proxy's answer could not have too")
        }
        self.request = request
        self.conditions = conditions
    }
}
