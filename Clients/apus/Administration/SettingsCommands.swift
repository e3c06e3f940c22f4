internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

/// What commands about providers and about routes have in common.
struct SettingsTable {
    let kind: SettingsKind

    /// Lists all of the kind.
    func list(_ client: GatewayClient, _ connection: ConnectionOptions) async throws {
        let configuration = try await client.configuration(kind: kind.plural)
        let objects = try JSONValue(configuration.document)[kind.plural]?.object ?? [:]
        let rows = objects.map { ($0.key.text, $0.value) }.sorted { Self.order($0.1, $0.0) < Self.order($1.1, $1.0) }
        connection.print(rows: rows, headings: ["name", "settings"]) { name, settings in
            Self.json(name, settings)
        } columns: { name, settings in
            [name, settings.withoutSecrets.settings.map { "\($0.path)=\($0.value.plainText)" }.joined(separator: " ")]
        }
    }

    /// Shows one of them.
    func show(_ name: String, _ client: GatewayClient, _ connection: ConnectionOptions) async throws {
        let settings = try await SettingsEditor(client: client, kind: kind, name: name, note: "").current()
        let rows = settings.withoutSecrets.settings.map { ($0.path, $0.value.plainText) }
        connection.print(
            json: Self.json(name, settings),
            text: rows.isEmpty ? name : "\(name)\n" + TextTable.list(rows, indent: "  "))
    }

    /// Routes as they are tried, everything else by name.
    private static func order(_ settings: JSONValue, _ name: String) -> (Int64, String) {
        (settings["order"]?.integer ?? RouteOptions.defaultOrder, name)
    }

    static func json(_ name: String, _ settings: JSONValue) -> JSONOutput {
        .object([("name", .string(name)), ("settings", JSONOutput(settings.withoutSecrets))])
    }
}

/// A setting that becomes the default again.
struct ClearOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The default again, by the name that `show` tells; repeatable.", valueName: "setting"))
    var clear: [String] = []

    func apply(to settings: inout JSONValue) {
        for path in clear { settings.set(path, to: nil) }
    }
}
