internal import ApusClient
internal import Foundation

/// What the sandbox wrote down before it answered: the account, independent of the store, of what was sent.
struct SandboxFile {
    struct Line: Decodable {
        var id: String
        var attempt: Int
        var to: String
        var body: String
        var outcome: String
    }

    /// Outcomes by message, in the order of the attempts.
    private(set) var outcomes: [MessageID: [String]] = [:]
    private(set) var lines: [Line] = []
    /// Lines that a kill cut short.
    private(set) var torn = 0

    init(in directory: TestDirectory) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.data + "/sandbox.jsonl"))
        let decoder = JSONDecoder()
        for text in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let line = try? decoder.decode(Line.self, from: text), let id = MessageID(line.id) else {
                torn += 1
                continue
            }
            lines.append(line)
            outcomes[id, default: []].append(line.outcome)
        }
    }

    /// How often the provider took the message.
    func timesTaken(_ id: MessageID) -> Int {
        outcomes[id, default: []].count { $0 == "accepted" || $0 == "unknown" }
    }
}
