/// What a credential lets its holder do. Raw values are the store's.
package struct Scopes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Send and Bulk.
    package static let send = Scopes(rawValue: 1 << 0)
    /// Status, List, Stats, Watch and Explain, of one's own tenant, without the texts of messages.
    package static let read = Scopes(rawValue: 1 << 1)
    /// Cancel, and pausing batches, of one's own tenant.
    package static let cancel = Scopes(rawValue: 1 << 2)
    /// What concerns all tenants: operators' methods and administration.
    package static let admin = Scopes(rawValue: 1 << 3)
    /// The texts of the messages that may be read: not even an administrator sees them without it.
    package static let text = Scopes(rawValue: 1 << 4)

    /// What a tenant's own services need.
    package static let messages: Scopes = [.send, .read, .cancel]
    package static let all: Scopes = [.send, .read, .cancel, .admin, .text]

    /// In the order in which they are listed.
    package static let names: [(scope: Scopes, name: String)] = [
        (.send, "messages:send"), (.read, "messages:read"), (.cancel, "messages:cancel"), (.text, "messages:text"),
        (.admin, "admin"),
    ]

    /// The scope of that name; nil if there is none.
    package init?(name: some StringProtocol) {
        guard let scope = Self.names.first(where: { $0.name == name })?.scope else { return nil }
        self = scope
    }

    package var names: [String] { Self.names.filter { contains($0.scope) }.map(\.name) }
}
