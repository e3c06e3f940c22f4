internal import SMSModel

/// Checks that what `control.db` has of carriers is of providers that there are. A file of which no daemon of this
/// version has been the writer has nothing of it.
enum CarrierVerification {
    static func run(_ connection: SQLiteConnection, _ report: inout VerificationReport) throws(StoreError) {
        let ofProviders = [
            ("parked_receipt", "unmatched receipts"), ("inbound", "inbound messages"),
            ("inbound_part", "parts of inbound messages"), ("carrier_opt_out", "opt-outs at carriers"),
            ("opt_out_reply", "answers to keywords"),
        ]
        for (table, things) in ofProviders where try has(table, connection) {
            let orphans = try connection.integer(
                "SELECT count(*) FROM \(table) WHERE provider NOT IN (SELECT number FROM provider)")
            if orphans > 0 { report.fault("\(connection.path): \(orphans) \(things) are of no provider") }
        }
        guard try has("inbound_media", connection) else { return }
        let lost = try connection.integer(
            "SELECT count(*) FROM inbound_media WHERE inbound NOT IN (SELECT id FROM inbound)")
        if lost > 0 { report.fault("\(connection.path): \(lost) media are of no inbound message") }
    }

    private static func has(_ table: String, _ connection: SQLiteConnection) throws(StoreError) -> Bool {
        try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = '\(table)'") > 0
    }
}
