package import ConfigurationModel
package import SMSModel

extension SenderRules {
    /// What is wrong with the rules apart from their form, by the fields within them.
    package var violations: [FieldViolation] {
        var violations: [FieldViolation] = []
        func add(_ field: String, _ problem: String?) {
            guard let problem, violations.count < Limits.violationsPerRefusal else { return }
            violations.append(FieldViolation(field: field, description: problem))
        }
        for (country, sender) in byCountry.sorted(by: { $0.key < $1.key }) {
            add("by_country.\(country)", Self.problem(ofCountry: country) ?? Self.problem(ofSender: sender))
        }
        if let fallback {
            let isName = Array(fallback.utf8).withUnsafeBytes(Sender.isName)
            add("fallback", Self.problem(ofSender: fallback) ?? (isName ? "must be a number or a short code" : nil))
        }
        for (place, country) in replaceNamesIn.enumerated() {
            add("replace_names_in[\(place)]", Self.problem(ofCountry: country) ?? missingNumber(in: country))
        }
        return violations
    }

    /// What a name is replaced by is a number.
    private func missingNumber(in country: String) -> String? {
        if let sender = byCountry[country] {
            let isName = Array(sender.utf8).withUnsafeBytes(Sender.isName)
            return isName ? "names \(country), for which by_country has a name: give it a number there" : nil
        }
        return fallback == nil ? "names \(country), for which neither by_country nor fallback has a number" : nil
    }

    private static func problem(ofCountry country: String) -> String? {
        Countries.all.number(of: country) == nil ? DestinationProblem.unknownCountry(country).description : nil
    }

    private static func problem(ofSender sender: String) -> String? {
        Array(sender.utf8).withUnsafeBytes(Sender.check)
    }
}
