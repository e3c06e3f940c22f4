internal import JSON
internal import SMSModel

/// The senders of messages that name none, by their recipients' countries: a setting of providers and of routes.
package struct SenderRules: Hashable, Sendable {
    /// The sender by country (`DE`): a number, a short code or a name.
    package var byCountry: [String: String] = [:]
    /// The sender for all other countries: a number or a short code; nil = the rules say nothing of them.
    package var fallback: String?
    /// Countries in which a name doesn't get through. Where a message is from a name, it is sent there from what the
    /// rules have for the country otherwise.
    package var replaceNamesIn: [String] = []

    package init() {}

    /// At most ``Limits/listedSenders`` countries. Whether there are such countries and senders Admission checks.
    init?(_ reader: inout MemberReader) {
        byCountry = reader.object("by_country", Self.senders) ?? [:]
        if let sender = reader.string("fallback") {
            if let problem = Form.sender(sender) { reader.fault("fallback", problem) } else { fallback = sender }
        }
        replaceNamesIn =
            reader.strings("replace_names_in", atMost: Limits.listedDestinations, Form.country) ?? []
    }

    private static func senders(_ reader: inout MemberReader) -> [String: String]? {
        var senders: [String: String] = [:]
        for country in reader.names {
            guard let sender = reader.string(country) else { continue }
            if let problem = Form.country(country) ?? Form.sender(sender) {
                reader.fault(country, problem)
            } else {
                senders[country] = sender
            }
        }
        return senders
    }

    /// nil where nothing is said.
    var json: JSONValue? {
        Members(
            ("by_country", byCountry.isEmpty ? nil : .object(named: byCountry.mapValues(JSONValue.string))),
            ("fallback", fallback.map(JSONValue.string)),
            ("replace_names_in", replaceNamesIn.isEmpty ? nil : .strings(replaceNamesIn))
        ).json
    }
}
