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
    case suppress = 9
    case unsuppress = 10
    case suppressions = 11
    case usage = 12
    case inbound = 13
    case batchList = 14
    case unknownList = 24
    case unknownResend = 25
    case unknownSettle = 26
    case pause = 27
    case resume = 28
    case sandbox = 29
    case sandboxReceive = 30
    case configShow = 32
    case configApply = 33
    case configRollback = 34
    case configHistory = 35
    case keyList = 36
    case keyCreate = 37
    case keyRevoke = 38
    case audit = 39
    case providerTest = 40
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
        case .suppress: "Suppress"
        case .unsuppress: "Unsuppress"
        case .suppressions: "Suppressions"
        case .usage: "Usage"
        case .inbound: "Inbound"
        case .batchList: "BatchList"
        case .unknownList: "UnknownList"
        case .unknownResend: "UnknownResend"
        case .unknownSettle: "UnknownSettle"
        case .pause: "Pause"
        case .resume: "Resume"
        case .sandbox: "Sandbox"
        case .sandboxReceive: "SandboxReceive"
        case .configShow: "ConfigShow"
        case .configApply: "ConfigApply"
        case .configRollback: "ConfigRollback"
        case .configHistory: "ConfigHistory"
        case .keyList: "KeyList"
        case .keyCreate: "KeyCreate"
        case .keyRevoke: "KeyRevoke"
        case .audit: "Audit"
        case .providerTest: "ProviderTest"
        case .health: "Health"
        case .describe: "Describe"
        case .null: "Null"
        }
    }
}
