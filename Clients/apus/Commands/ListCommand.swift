internal import ApusClient
internal import ArgumentParser
internal import FoundationEssentials

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists messages, newest first.",
        discussion: """
            What is given must all hold. Times are a duration ago (90s, 10m, 2d, 1w), a day (2027-01-31, yesterday), \
            which is its first moment, or a time ("2027-01-31 09:00", "yesterday 14:00 Europe/Berlin", \
            2027-01-31T09:00Z); without a zone they are local. They are those of acceptance. What is not found by its \
            batch, by a reference of one tenant or in few days is looked for message by message. That another tenant's \
            messages are read is entered in the audit log.
            """)

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp("Only those in this state; several may be given.", valueName: "state"))
    var states: [StateArgument] = []

    @Option(help: ArgumentHelp("Only those to this recipient.", valueName: "number"))
    var to: String?

    @Option(
        help: ArgumentHelp("Only those accepted then or later.", valueName: "time"),
        transform: PastTimeArgument.init(text:))
    var since: PastTimeArgument?

    @Option(
        help: ArgumentHelp("Only those accepted before.", valueName: "time"), transform: PastTimeArgument.init(text:))
    var until: PastTimeArgument?

    @Option(help: ArgumentHelp("Only those of this batch; 19 digits are its id.", valueName: "name|id"))
    var batch: BatchArgument?

    @Option(help: "Only those that were sent with this reference.")
    var reference: String?

    @Option(help: "Only those that have this tag.")
    var tag: String?

    @Option(help: "Only those from this sender, as they were accepted.")
    var sender: String?

    @Option(help: ArgumentHelp("Only those that this provider has or had last.", valueName: "name"))
    var provider: String?

    @Option(name: .customLong("error"), help: ArgumentHelp("Only those with an error of this code.", valueName: "code"))
    var errorCode: String?

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = ListCommand.defaultLimit

    @Flag(help: "In the order of acceptance.")
    var oldestFirst = false

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
        if let to, to.isEmpty { throw ValidationError("The recipient's number is empty.") }
        for (name, text) in [
            ("--reference", reference), ("--tag", tag), ("--sender", sender), ("--provider", provider),
            ("--error", errorCode),
        ] where text?.isEmpty == true {
            throw ValidationError("\(name) is empty.")
        }
    }

    var filter: MessageFilter {
        MessageFilter(
            states: Set(states.map(\.value)), since: since?.date, until: until?.date, to: to, batch: batch?.value,
            reference: reference, tag: tag, sender: sender, provider: provider, errorCode: errorCode)
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var cursor: ListCursor?
            // Whose each is, where they are several tenants'.
            let isMixed = tenants.everyTenant
            var listing = Listing(
                headings: MessageStatus.headings(withTenant: isMixed), widths: MessageStatus.rowWidths)
            repeat {
                let page = try await client.page(
                    of: filter, owner: tenants.owner, oldestFirst: oldestFirst, limit: min(left, Self.pageSize),
                    after: cursor)
                connection.print(rows: page.messages, in: &listing, json: \.json) { $0.cells(withTenant: isMixed) }
                left -= page.messages.count
                cursor = page.cursor
            } while left > 0 && cursor != nil
            // A hint for people: where the limit was theirs they know of it.
            if cursor != nil, limit == Self.defaultLimit, connection.format == .text, Console.errorIsTerminal {
                Console.errorLine("These are \(limit); --limit 0 lists all.")
            }
        }
    }

    private static let pageSize = 1000
    private static let defaultLimit = 100
}

struct StateArgument: ExpressibleByArgument {
    let value: MessageState

    init?(argument: String) {
        guard let value = MessageState(rawValue: argument.uppercased()), Self.states.contains(value) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { states.map { $0.rawValue.lowercased() } }

    /// No message is found ACCEPTED: it goes on at once.
    private static let states = MessageState.allCases.filter { $0 != .accepted }
}

/// A time that has been: so long ago, a day, or a time of it.
struct PastTimeArgument {
    let date: Date

    /// - Throws: what is wrong with it, and what it might be.
    init(text: String) throws {
        do throws(TimeProblem) {
            date = Date(milliseconds: try TimeText.current.past(text))
        } catch {
            throw ValidationError("\"\(text)\" \(error.text).")
        }
    }
}

/// A batch by its name, or by its id as `status` tells it.
struct BatchArgument: ExpressibleByArgument {
    let value: BatchReference
    /// The argument itself.
    let text: String

    init?(argument: String) {
        text = argument
        guard (1...64).contains(argument.utf8.count) else { return nil }
        // Ids of this century have 19 digits.
        if argument.utf8.count == 19, let id = MessageID(argument) {
            value = .id(id)
        } else {
            value = .name(argument)
        }
    }
}
