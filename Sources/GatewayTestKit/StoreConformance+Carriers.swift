internal import SMSModel
package import Storage

extension StoreConformance {
    private static func parked(_ id: Int64, _ providerID: String, _ status: ReceiptStatus = .delivered) -> ParkedReceipt {
        ParkedReceipt(id: id, at: start + id, provider: 1, providerID: providerID, status: status)
    }

    static let carriers = [
        Case("parked receipts are there until they are let go of") { fixture in
            var store = try fixture.open(now: start)
            let receipts = [
                parked(3, "a"), parked(5, "a", .undelivered(code: "30005")), parked(9, "gr\u{FC}\u{DF}"),
                parked(10, "b", .undelivered(code: "")),
            ]
            try store.onCarriers { (store) throws(StoreError) in
                for receipt in receipts { try store.park(receipt) }
            }
            store.begunOnCarriers {
                try? $0.park(parked(11, "c"))
                try? $0.unpark([3])
            }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 1) }
                try requireEqual(try store.carriers.parkedReceipts(), receipts, "all")
            }
            try store.onCarriers { (store) throws(StoreError) in try store.unpark([5, 9, 77]) }
            try requireEqual(try store.carriers.parkedReceipts().map(\.id), [3, 10], "those that are left")
            try store.onCarriers { (store) throws(StoreError) in try store.unpark([]) }
        },
        Case("an inbound message is kept once for its provider and id") { fixture in
            var store = try fixture.open(now: start)
            func message(_ id: String, _ provider: UInt8 = 1, _ body: String = "hello") -> InboundRecord {
                InboundRecord(
                    at: start, provider: provider, providerID: id, sender: "+14155550100", recipient: "12345",
                    body: body)
            }
            let messages = [
                message("a"), message("a", 2), message("a", 1, "once more"), message(""), message("", 1, "\u{1F44B}"),
            ]
            var isNew: [Bool] = []
            for message in messages {
                isNew.append(
                    try store.onCarriers { (store) throws(StoreError) in try store.insert(message) })
            }
            try requireEqual(isNew, [true, true, false, true, true], "new")
            store.begunOnCarriers { _ = try? $0.insert(message("c")) }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 1) }
                let found = try store.carriers.inbound(before: nil, limit: 9)
                try require(zip(found, found.dropFirst()).allSatisfy { $0.id > $1.id }, "the newest come first")
                let plain = found.map {
                    InboundRecord(
                        at: $0.at, provider: $0.provider, providerID: $0.providerID, sender: $0.sender,
                        recipient: $0.recipient, body: $0.body)
                }
                try requireEqual(plain, [messages[4], messages[3], messages[1], messages[0]], "messages")
                try requireEqual(try store.carriers.inbound(before: nil, limit: 2), Array(found[..<2]), "two")
                try requireEqual(try store.carriers.inbound(before: found[1].id, limit: 9), Array(found[2...]), "older")
            }
            let again = try store.onCarriers { (store) throws(StoreError) in try store.insert(message("a")) }
            try require(!again, "it is still known after a restart")
        },
    ]
}

extension MessageStore {
    /// A round about carriers that is committed.
    @discardableResult
    package func onCarriers<T>(_ body: (any CarrierStore) throws(StoreError) -> T) throws(StoreError) -> T {
        try transaction { () throws(StoreError) in try body(carriers) }
    }

    /// One that is rolled back.
    fileprivate func begunOnCarriers(_ body: (any CarrierStore) -> Void) {
        try? begin()
        body(carriers)
        rollback()
    }
}
