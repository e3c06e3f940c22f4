internal import ApusClient
internal import ArgumentParser

/// The tenants whose messages are meant.
struct OwnerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Of another tenant; needs the scope admin.", valueName: "name"))
    var tenant: String?

    @Flag(help: "Of every tenant; needs the scope admin.")
    var everyTenant = false

    mutating func validate() throws {
        guard tenant == nil || !everyTenant else {
            throw ValidationError("Give one of --tenant NAME and --every-tenant.")
        }
        if let tenant, tenant.isEmpty { throw ValidationError("The tenant's name is empty.") }
    }

    var isGiven: Bool { tenant != nil || everyTenant }

    var owner: MessageOwner { everyTenant ? .everyTenant : tenant.map(MessageOwner.tenant) ?? .own }

    /// The options as they are written, after a space; empty for one's own.
    var words: String { everyTenant ? " --every-tenant" : tenant.map { " --tenant \($0)" } ?? "" }
}
