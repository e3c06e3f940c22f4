internal import ConfigurationModel
internal import SMSModel

/// Checks that what `control.db` says of tenants fits together: generations are counted without a gap, the
/// configuration is what their changes make of nothing, and keys and opt-outs are of tenants that there are.
struct AdministrationVerification {
    private let connection: SQLiteConnection
    private let reader: AdministrationReader
    private(set) var newestGeneration: UInt32 = 0

    init(_ connection: SQLiteConnection) {
        self.connection = connection
        reader = AdministrationReader(connection)
    }

    mutating func run(_ report: inout VerificationReport) throws(StoreError) {
        // One moment of all tables.
        try connection.execute("BEGIN")
        try checkGenerations(&report)
        try checkOwners(&report)
        try connection.execute("COMMIT")
    }

    private struct Name: Hashable {
        var kind: String
        var name: String
    }

    private mutating func checkGenerations(_ report: inout VerificationReport) throws(StoreError) {
        func wrong(_ text: String) { report.fault("\(connection.path): \(text)") }
        newestGeneration = try reader.generation()
        let numbers = try connection.prepare("SELECT number, changes FROM generation ORDER BY number")
        var documents: [Name: String] = [:]
        var expected: Int64 = 1
        while try numbers.step() {
            let number = numbers.integer(0)
            if number != expected { wrong("generation \(expected) is missing") }
            expected = number + 1
            let changes = try reader.changes(of: UInt32(truncatingIfNeeded: number))
            if numbers.integer(1) != Int64(changes.count) {
                wrong("generation \(number) has \(changes.count) changes, and was made of \(numbers.integer(1))")
            }
            for change in changes {
                let before = documents.updateValue(
                    change.after ?? "", forKey: Name(kind: change.kind, name: change.name))
                if change.after == nil { documents[Name(kind: change.kind, name: change.name)] = nil }
                if before != change.before {
                    wrong("generation \(number) changes \(change.kind) \(change.name) from what it was not")
                }
            }
        }
        let orphans = try connection.integer(
            "SELECT count(*) FROM generation_change WHERE generation NOT IN (SELECT number FROM generation)")
        if orphans > 0 { wrong("\(orphans) changes are of no generation") }
        for object in try reader.configuration() {
            if documents.removeValue(forKey: Name(kind: object.kind, name: object.name)) != object.document {
                wrong("\(object.kind) \(object.name) is not what the generations make of it")
            }
        }
        for name in documents.keys { wrong("\(name.kind) \(name.name) is not what the generations make of it") }
    }

    private func checkOwners(_ report: inout VerificationReport) throws(StoreError) {
        let impossible = try connection.integer(
            "SELECT count(*) FROM tenant WHERE number NOT BETWEEN 1 AND \(Int32.max)")
        if impossible > 0 { report.fault("\(connection.path): \(impossible) tenants have impossible numbers") }
        let ofTenants = [
            ("api_key", "keys"), ("suppression", "opt-outs"), ("carrier_opt_out", "opt-outs at carriers"),
            ("opt_out_reply", "answers to keywords"),
        ]
        for (table, things) in ofTenants {
            guard try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = '\(table)'") > 0
            else { continue }
            let orphans = try connection.integer(
                "SELECT count(*) FROM \(table) WHERE tenant NOT IN (SELECT number FROM tenant)")
            if orphans > 0 { report.fault("\(connection.path): \(orphans) \(things) are of no tenant") }
        }
    }
}
