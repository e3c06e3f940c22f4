/// The methods, by the number in a REQUEST's header.
package enum RPCMethod: UInt16, CaseIterable, Sendable {
    case send = 1
    case bulk = 2
    case status = 3
    case stats = 4
    case cancel = 5
    case watch = 6
    case explain = 7
    case list = 8
    case unknownList = 24
    case unknownResend = 25
    case unknownSettle = 26
    case pause = 27
    case resume = 28
    case sandbox = 29
    case health = 64
    case describe = 65
    /// Decodes a SendRequest and answers a SendResponse without doing anything: for measuring.
    case null = 66

    package var name: String {
        switch self {
        case .send: "Send"
        case .bulk: "Bulk"
        case .status: "Status"
        case .stats: "Stats"
        case .cancel: "Cancel"
        case .watch: "Watch"
        case .explain: "Explain"
        case .list: "List"
        case .unknownList: "UnknownList"
        case .unknownResend: "UnknownResend"
        case .unknownSettle: "UnknownSettle"
        case .pause: "Pause"
        case .resume: "Resume"
        case .sandbox: "Sandbox"
        case .health: "Health"
        case .describe: "Describe"
        case .null: "Null"
        }
    }
}
