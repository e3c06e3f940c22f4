internal import SMSModel

/// Checks that what `control.db` has of carriers is of providers that there are. A file of which no daemon of this
/// version has been the writer has nothing of it.
enum CarrierVerification {
    static func run(_ connection: SQLiteConnection, _ report: inout VerificationReport) throws(StoreError) {
        for (table, things) in [("parked_receipt", "parked receipts"), ("inbound", "inbound messages")] {
            guard try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = '\(table)'") > 0
            else { continue }
            let orphans = try connection.integer(
                "SELECT count(*) FROM \(table) WHERE provider NOT IN (SELECT number FROM provider)")
            if orphans > 0 { report.fault("\(connection.path): \(orphans) \(things) are of no provider") }
        }
    }
}
