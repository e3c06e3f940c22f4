package import ConfigurationModel
package import SMSModel

/// ``SenderRules`` of a route or a provider, by countries' numbers: a look-up allocates nothing.
package struct SenderTable: Hashable, Sendable {
    /// A sender, and why it is that one.
    package struct Entry: Hashable, Sendable {
        /// UTF-8.
        package let sender: [UInt8]
        /// Not a number and no short code.
        package let isName: Bool
        /// A clause for people: whose rule it is, and what for.
        package let rule: String

        init(_ sender: String, _ rule: String) {
            self.sender = Array(sender.utf8)
            isName = SenderTable.isName(self.sender)
            self.rule = rule
        }
    }

    private var byCountry: [Countries.Number: [Entry]] = [:]
    private let others: [Entry]
    private var replacements: [Countries.Number: [Entry]] = [:]

    /// Countries were checked before the rules were stored; one that a later version knows no more is left out.
    ///
    /// - Parameter owner: whose they are, such as `provider eu`.
    /// - Returns: nil if the rules say nothing.
    package init?(_ rules: SenderRules?, owner: String) {
        guard let rules, rules != SenderRules() else { return nil }
        let countries = Countries.all
        others = [rules.fallback.map { Entry($0, "\(owner), other countries") }].compactMap(\.self)
        for (code, sender) in rules.byCountry {
            guard let country = countries.number(of: code) else { continue }
            byCountry[country] = [Entry(sender, "\(owner), \(code)")] + others
        }
        for code in rules.replaceNamesIn {
            guard let country = countries.number(of: code) else { continue }
            replacements[country] = [rules.byCountry[code], rules.fallback].compactMap(\.self)
                .map { Entry($0, "\(owner), which replaces names in \(code)") }.filter { !$0.isName }
        }
    }

    /// Every sender that a message may get by the rules.
    package var senders: Set<String> {
        Set((byCountry.values.joined() + others).map { String(decoding: $0.sender, as: UTF8.self) })
    }

    /// Every number that a name may give way to by the rules.
    package var replacementSenders: Set<String> {
        Set(replacements.values.joined().map { String(decoding: $0.sender, as: UTF8.self) })
    }

    /// What a message without a sender is sent from in a country: the first that it may be from.
    package func senders(in country: Countries.Number) -> [Entry] { byCountry[country] ?? others }

    /// What a name gives way to in a country: the first that the message may be from; none = names get through.
    package func replacements(in country: Countries.Number) -> [Entry] { replacements[country] ?? [] }

    /// Whether a sender is a name, no number and no short code.
    package static func isName(_ sender: some Sequence<UInt8>) -> Bool {
        sender.contains { ($0 | 0x20) &- 0x61 <= 25 }
    }

    /// The sender of a message where tables decide it: that of the first one that has something.
    ///
    /// A name, the message's own or one that a table has just named, gives way to a number where any of the tables says
    /// that names don't get through.
    ///
    /// - Parameters:
    ///   - given: the message's own sender; empty = none.
    ///   - country: the recipient's; 0 = none.
    ///   - isAllowed: whether the message may be from a sender; others are passed over.
    /// - Returns: nil where the tables change nothing.
    package static func sender(
        _ tables: [SenderTable], given: UnsafeRawBufferPointer, to country: Countries.Number,
        where isAllowed: (Entry) -> Bool
    ) -> Entry? {
        func first(_ entries: (SenderTable) -> [Entry]) -> Entry? {
            for table in tables {
                if let found = entries(table).first(where: isAllowed) { return found }
            }
            return nil
        }
        let named = given.isEmpty ? first { $0.senders(in: country) } : nil
        let isName = named?.isName ?? Self.isName(given)
        return isName ? first { $0.replacements(in: country) } ?? named : named
    }
}
