internal import ApusClient
internal import ConfigurationModel
internal import JSON

/// A kind of objects of the configuration.
enum SettingsKind: String {
    case tenant
    case provider
    case route

    /// The name that documents have for it.
    var plural: String { rawValue + "s" }
}

/// Changes to one object of the configuration: read, changed, written if nobody was faster, else once more.
struct SettingsEditor {
    let client: GatewayClient
    let kind: SettingsKind
    let name: String
    let note: String

    private static let tries = 20

    /// Its settings now.
    /// - Throws: NOT_FOUND if there is no such object.
    func current() async throws -> JSONValue {
        try settings(in: try await client.configuration(kind: kind.plural, name: name))
    }

    /// - Throws: a failure if there is one of that name.
    func create(_ settings: JSONValue) async throws -> AppliedConfiguration {
        try await whileOthersAreFaster {
            let generation = try await client.generations(limit: 1).first?.number
            do throws(ApusError) {
                _ = try await client.configuration(kind: kind.plural, name: name)
            } catch {
                guard error.code == .notFound else { throw error }
                return try await write(settings, over: generation)
            }
            throw CommandFailure(
                .refused, "there is a \(kind) \(name) already",
                advice: "Change it with `apus admin \(kind) set \(name)`.")
        }
    }

    /// - Parameter change: gets the settings as they are.
    func change(_ change: (inout JSONValue) throws -> Void) async throws -> AppliedConfiguration {
        try await whileOthersAreFaster {
            let configuration = try await client.configuration(kind: kind.plural, name: name)
            var settings = try settings(in: configuration)
            try change(&settings)
            return try await write(settings, over: configuration.generation)
        }
    }

    func remove() async throws -> AppliedConfiguration {
        try await whileOthersAreFaster {
            let configuration = try await client.configuration(kind: kind.plural, name: name)
            return try await write(.null, over: configuration.generation)
        }
    }

    private func write(_ settings: JSONValue, over generation: UInt32?) async throws -> AppliedConfiguration {
        let document = JSONValue.object(named: [kind.plural: .object(named: [name: settings])])
        return try await client.apply(
            document.text, partial: true, ifGeneration: generation, note: note, remove: settings == .null)
    }

    private func settings(in configuration: GatewayConfiguration) throws -> JSONValue {
        guard let settings = try? JSONValue(configuration.document)[kind.plural]?[name] else {
            throw CommandFailure(.refused, "the gateway's answer has no \(kind) \(name)")
        }
        return settings
    }

    private func whileOthersAreFaster(
        _ attempt: () async throws -> AppliedConfiguration
    ) async throws -> AppliedConfiguration {
        for _ in 1..<Self.tries {
            do {
                return try await attempt()
            } catch let error as ApusError where error.code == .aborted {
                continue
            }
        }
        return try await attempt()
    }
}
