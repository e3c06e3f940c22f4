internal import Admission
internal import Routing
internal import SMSModel

/// The sender of a message comes from, in this order: the message itself or its tenant's default, which is the
/// message's from its acceptance on; the rules of its route; those of the provider that it is handed to; the provider's
/// options, which the provider itself puts in.
extension ProviderPool {
    /// What a route or a provider decides about a message's sender; nil where they change nothing.
    ///
    /// - Parameters:
    ///   - policy: the tenant's; nil = it may use every sender.
    ///   - candidates: under whose number the message waited.
    @inline(__always)
    func sender(
        of draft: MessageDraft, _ arena: MessageDrafts, _ policy: SenderPolicy?, by candidates: UInt16,
        through index: Int
    ) -> SenderTable.Entry? {
        guard hasSenderTables, let set = sets[candidates] else { return nil }
        return arena.bytes.withUnsafeBytes {
            sender(of: RoutingQuery(draft, $0), policy, by: table.routes[Int(set.route)], through: index)
        }
    }

    func sender(
        of query: RoutingQuery, _ policy: SenderPolicy?, by route: Route, through index: Int
    ) -> SenderTable.Entry? {
        let tables = [route.senderTable, senderTables[states[index].number]].compactMap(\.self)
        guard !tables.isEmpty else { return nil }
        let (country, _) = Countries.all.country(of: query.recipient)
        return SenderTable.sender(tables, given: query.sender, to: country) { entry in
            policy.map { entry.sender.withUnsafeBytes($0.refusal(of:)) == nil } ?? true
        }
    }
}

extension SenderTable.Entry {
    var text: String { String(decoding: sender, as: UTF8.self) }

    /// Why a provider was chosen, with why the sender was: what a timeline has.
    func added(to reason: String) -> String {
        let addition = "; sender \(text) (\(rule))"
        return reason.cut(to: max(0, History.detailBytes - addition.utf8.count)) + addition
    }
}
