internal import ApusClient
internal import ArgumentParser
internal import FoundationEssentials

/// What can be said about a message besides its recipient and body.
struct MessageOptions: ParsableArguments {
    @Option(
        name: [.customLong("from"), .customLong("sender")],
        help: "A number, a short code or up to 11 letters and digits.")
    var from: String?

    @Option(help: "urgent, normal or bulk.")
    var priority: PriorityArgument?

    @Option(
        help: ArgumentHelp(
            "When to send: +10m, or a time with its zone as 2027-01-31T09:00Z or \"2027-01-31 09:00 Europe/Berlin\".",
            valueName: "time"), transform: TimeArgument.init(text:))
    var at: TimeArgument?

    @Option(
        help: ArgumentHelp("How long it may still be sent, e.g. 90s, 1h, 2d (default: 24h).", valueName: "duration"))
    var validity: DurationArgument?

    @Option(help: "Your own reference, at most 64 bytes.")
    var reference: String?

    @Option(name: .customLong("tag"), help: "May be given up to 16 times.")
    var tags: [String] = []

    @Option(help: ArgumentHelp("Refuse a body that needs more.", valueName: "count"))
    var maxSegments: Int?

    @Option(help: "hold or resend: what to do when a provider may have taken the message, but its answer was lost.")
    var onUnknown: OnUnknownArgument?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Replace typographic quotes, dashes and spaces and invisible characters where that makes the text GSM-7 \
            (default: as the tenant's settings have it).
            """)
    var smartEncoding: Bool?

    mutating func validate() throws {
        if let maxSegments, maxSegments < 1 { throw ValidationError("--max-segments must be at least 1.") }
    }

    var defaults: RowDefaults {
        RowDefaults(
            sender: from, priority: priority?.value, sendAt: at?.date, validity: validity?.duration,
            reference: reference, tags: tags, maximumSegments: maxSegments, onUnknown: onUnknown?.value,
            smartEncoding: smartEncoding)
    }
}

struct PriorityArgument: ExpressibleByArgument {
    let value: MessagePriority

    init?(argument: String) {
        let name = argument.uppercased()
        guard let value = MessagePriority.allCases.first(where: { $0.rawValue == name }) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { MessagePriority.allCases.map { $0.rawValue.lowercased() } }
}

struct OnUnknownArgument: ExpressibleByArgument {
    let value: UnknownOutcomePolicy

    init?(argument: String) {
        guard let value = UnknownOutcomePolicy(rawValue: argument.uppercased()) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { UnknownOutcomePolicy.allCases.map { $0.rawValue.lowercased() } }
}

struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = DurationText.parse(argument) else { return nil }
        self.duration = duration
    }
}

/// A time that something is to happen at.
struct TimeArgument {
    let date: Date
    /// Whether the same words mean another time tomorrow.
    let isRelative: Bool

    /// - Throws: what is wrong with it, and what it might be.
    init(text: String) throws {
        do throws(TimeProblem) {
            date = Date(milliseconds: try TimeText.current.time(text))
            isRelative = text.trimmed.first.map { !$0.isNumber } ?? false
        } catch {
            throw ValidationError("\"\(text)\" \(error.text).")
        }
    }
}

struct MessageIDArgument: ExpressibleByArgument {
    let id: MessageID

    init?(argument: String) {
        guard let id = MessageID(argument) else { return nil }
        self.id = id
    }
}

/// A batch as people name it: by its name. Its id is known by `status` only.
enum BatchName {
    static func check(_ name: String) throws {
        guard (1...64).contains(name.utf8.count) else {
            throw ValidationError("A batch's name has 1 to 64 bytes.")
        }
    }
}
