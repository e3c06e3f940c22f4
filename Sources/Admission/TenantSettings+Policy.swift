package import ConfigurationModel
package import SMSModel

extension TenantSettings {
    /// What is wrong with the rules for senders and destinations, by the fields of a tenant's object. The form of the
    /// single values is taken to be checked.
    package var policyViolations: [FieldViolation] {
        var violations: [FieldViolation] = []
        func check(_ list: [String], _ field: String, _ problem: (String) -> String?) {
            for (place, value) in list.enumerated() {
                guard violations.count < Limits.violationsPerRefusal, let problem = problem(value) else { continue }
                violations.append(FieldViolation(field: "\(field)[\(place)]", description: problem))
            }
        }
        check(allowedDestinations ?? [], "destinations.allowed", Self.problem(ofDestination:))
        check(blockedDestinations, "destinations.blocked", Self.problem(ofDestination:))
        check(allowedSenders ?? [], "senders.allowed", Self.problem(ofSender:))
        violations += keywordViolations
        if let sender = defaultSender {
            let problem =
                Self.problem(ofSender: sender) ?? Array(sender.utf8).withUnsafeBytes(senderPolicy.refusal(of:))
            if let problem { violations.append(FieldViolation(field: "defaults.sender", description: problem)) }
        }
        return violations
    }

    /// Keywords of which nothing is left to compare, or that ask for something else already.
    private var keywordViolations: [FieldViolation] {
        var known: [KeywordText: OptOutAction] = [:]
        var violations: [FieldViolation] = []
        let lists = [
            (OptOutAction.stop, stopWords, "stop_words"), (.start, startWords, "start_words"),
            (.help, helpWords, "help_words"),
        ]
        for (action, words, field) in lists {
            for (place, word) in words.enumerated() {
                var problem: String?
                if let text = KeywordText(word) {
                    let other = OptOutKeywords.common.action(of: text) ?? known[text] ?? action
                    if other != action { problem = "is a word for \(other.rawValue) already" }
                    known[text] = action
                } else {
                    problem = "has no letter or digit"
                }
                guard let problem else { continue }
                violations.append(FieldViolation(field: "opt_out.\(field)[\(place)]", description: problem))
            }
        }
        return violations
    }

    package var senderPolicy: SenderPolicy {
        SenderPolicy(allowed: allowedSenders, allowsAlphanumeric: allowsAlphanumericSenders)
    }

    /// Destinations were checked before they were stored (``policyViolations``); should a later version know one no
    /// more, nobody is sent to.
    package var destinationPolicy: DestinationPolicy {
        (try? DestinationPolicy(allowed: allowedDestinations, blocked: blockedDestinations)) ?? .nowhere
    }

    private static func problem(ofDestination destination: String) -> String? {
        do throws(DestinationProblem) {
            _ = try Destination(destination)
            return nil
        } catch {
            return error.description
        }
    }

    private static func problem(ofSender sender: String) -> String? {
        sender.isEmpty ? "A sender is not empty." : Array(sender.utf8).withUnsafeBytes(Sender.check)
    }
}
