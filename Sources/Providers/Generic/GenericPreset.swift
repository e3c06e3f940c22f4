internal import JSON
internal import SMSModel

/// A ready-made description of a carrier.
struct GenericPreset: Sendable {
    let name: String
    /// All of it, believing nothing of what is posted but tokens, unless the carrier always signs.
    let description: String
    /// The secret that the carrier signs with...
    var signingSecret: String?
    /// ...and what is laid over the description where it is given.
    var signed = "{}"

    static let all = [vonage, plivo, messageBird, infobip, sinch, telnyx, bandwidth, elks46]

    /// The description that the options stand for: themselves, or laid over the preset that they name.
    ///
    /// - Returns: it and the kind of provider; nil if there is no such preset.
    static func laidUnder(
        _ options: JSONValue, _ secrets: [String: String], path: String, into violations: inout [FieldViolation]
    ) -> (JSONValue, kind: String)? {
        guard let wanted = options["preset"], wanted != .null else { return (options, "http") }
        guard let preset = all.first(where: { $0.name == wanted.string }),
            let base = try? JSONValue(preset.description), let signed = try? JSONValue(preset.signed)
        else {
            let known = all.map(\.name).joined(separator: ", ")
            violations.append(
                FieldViolation(field: "\(path).preset", description: "must be one of \(known), or left out"))
            return nil
        }
        let isSigned = preset.signingSecret.map { secrets[$0] != nil } ?? false
        return (base.overlaid(by: isSigned ? signed : .object([:])).overlaid(by: options), preset.name)
    }
}

extension JSONValue {
    /// Objects member by member, null takes a member away; anything else replaces what was there. So does an object
    /// that names another `scheme`, whose members are others.
    func overlaid(by other: JSONValue) -> JSONValue {
        guard case .object(var members) = self, case .object(let others) = other else { return other }
        if let scheme = others["scheme"], scheme != members["scheme"] { return other }
        for (name, value) in others {
            if value == .null {
                members[name] = nil
            } else {
                members[name] = members[name]?.overlaid(by: value) ?? value
            }
        }
        return .object(members)
    }
}
