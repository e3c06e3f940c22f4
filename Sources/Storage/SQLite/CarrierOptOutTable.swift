internal import SMSModel

/// The recipients that carriers refuse because they have opted out there, in `control.db`.
struct CarrierOptOutTable {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    func insert(_ optOut: CarrierOptOut) throws(StoreError) {
        let insert = try connection.prepare("INSERT OR REPLACE INTO carrier_opt_out VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        insert.bind(1, Int64(optOut.tenant.rawValue))
        insert.bind(2, Int64(clamping: optOut.number))
        insert.bind(3, Int64(optOut.provider))
        insert.bindText(4, optOut.sender)
        insert.bind(5, optOut.at)
        insert.bindText(6, optOut.code)
        try insert.run()
    }

    func delete(_ optOuts: [CarrierOptOut]) throws(StoreError) {
        let delete = try connection.prepare(
            "DELETE FROM carrier_opt_out WHERE tenant = ?1 AND number = ?2 AND provider = ?3 AND sender = ?4")
        for optOut in optOuts {
            delete.bind(1, Int64(optOut.tenant.rawValue))
            delete.bind(2, Int64(clamping: optOut.number))
            delete.bind(3, Int64(optOut.provider))
            delete.bindText(4, optOut.sender)
            try delete.run()
        }
    }

    func all() throws(StoreError) -> [CarrierOptOut] {
        try rows(
            of: connection.prepare(
                """
                SELECT tenant, number, provider, sender, at, code FROM carrier_opt_out
                ORDER BY tenant, number, provider, sender
                """))
    }

    /// A tenant's, those of the first numbers from `number` on.
    /// - Parameter limit: numbers, at most.
    func page(of tenant: TenantID, from number: UInt64, limit: Int) throws(StoreError) -> [CarrierOptOut] {
        let select = try connection.prepare(
            """
            SELECT tenant, number, provider, sender, at, code FROM carrier_opt_out
            WHERE tenant = ?1 AND number IN (
                SELECT DISTINCT number FROM carrier_opt_out WHERE tenant = ?1 AND number >= ?2 ORDER BY number LIMIT ?3)
            ORDER BY number, provider, sender
            """)
        select.bind(1, Int64(tenant.rawValue))
        select.bind(2, Int64(clamping: number))
        select.bind(3, Int64(limit))
        return try rows(of: select)
    }

    /// How many recipients of a tenant there are.
    func count(of tenant: TenantID) throws(StoreError) -> UInt64 {
        UInt64(
            try connection.integer(
                "SELECT count(DISTINCT number) FROM carrier_opt_out WHERE tenant = \(tenant.rawValue)"))
    }

    private func rows(of select: SQLiteStatement) throws(StoreError) -> [CarrierOptOut] {
        var found: [CarrierOptOut] = []
        while try select.step() {
            found.append(
                CarrierOptOut(
                    tenant: TenantID(rawValue: Int32(truncatingIfNeeded: select.integer(0))),
                    number: UInt64(truncatingIfNeeded: select.integer(1)),
                    provider: UInt8(truncatingIfNeeded: select.integer(2)), sender: select.text(3),
                    at: select.integer(4), code: select.text(5)))
        }
        return found
    }
}
