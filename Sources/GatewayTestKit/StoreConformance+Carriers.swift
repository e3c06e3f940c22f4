internal import SMSModel
package import Storage

extension StoreConformance {
    private static func unmatched(_ id: Int64, _ providerID: String, _ status: ReceiptStatus = .delivered)
        -> UnmatchedReceipt
    {
        UnmatchedReceipt(id: id, at: start + id, provider: 1, providerID: providerID, status: status)
    }

    static let carriers = [
        Case("unmatched receipts are there until they are let go of") { fixture in
            var store = try fixture.open(now: start)
            let receipts = [
                unmatched(3, "a"), unmatched(5, "a", .undelivered(code: "30005")), unmatched(9, "gr\u{FC}\u{DF}"),
                unmatched(10, "b", .undelivered(code: "")),
            ]
            try store.onCarriers { (store) throws(StoreError) in
                for receipt in receipts { try store.addUnmatched(receipt) }
            }
            store.begunOnCarriers {
                try? $0.addUnmatched(unmatched(11, "c"))
                try? $0.removeUnmatched([3])
            }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 1) }
                try requireEqual(try store.carriers.unmatchedReceipts(), receipts, "all")
            }
            try store.onCarriers { (store) throws(StoreError) in try store.removeUnmatched([5, 9, 77]) }
            try requireEqual(try store.carriers.unmatchedReceipts().map(\.id), [3, 10], "those that are left")
            try store.onCarriers { (store) throws(StoreError) in try store.removeUnmatched([]) }
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
        Case("media are kept with their message") { fixture in
            var store = try fixture.open(now: start)
            let media = [InboundMedia(url: "https://a/1", contentType: "image/png"), InboundMedia(url: "https://a/2")]
            for (id, media) in [("a", media), ("b", []), ("c", [media[1]]), ("c", media)] {
                _ = try store.onCarriers { (store) throws(StoreError) in
                    try store.insert(
                        InboundRecord(
                            at: start, provider: 1, providerID: id, sender: "1", recipient: "2", body: "", media: media)
                    )
                }
            }
            store = try fixture.open(now: start + 1)
            let found = try store.carriers.inbound(before: nil, limit: 9).map(\.media)
            try requireEqual(found, [[media[1]], [], media], "media")
        },
        Case("parts wait for the others of their message, and are known again once it is kept") { fixture in
            var store = try fixture.open(now: start)
            func part(_ id: String, _ number: Int, ref: String = "r", sender: String = "1") -> InboundPartRecord {
                InboundPartRecord(
                    at: start + Int64(number), provider: 1, providerID: id, sender: sender, recipient: "2",
                    service: "MG", part: InboundPart(reference: ref, total: 3, number: number)!,
                    body: "gr\u{FC}\u{DF} \(id)")
            }
            let parts = [part("a", 2), part("b", 1), part("x", 1, ref: "s"), part("y", 1, sender: "9"), part("a", 3)]
            let isNew = try store.onCarriers { (store) throws(StoreError) in
                var isNew: [Bool] = []
                for part in parts { isNew.append(try store.insert(part)) }
                return isNew
            }
            try requireEqual(isNew, [true, true, true, true, false], "new")
            store.begunOnCarriers {
                _ = try? $0.insert(part("c", 3))
                try? $0.finish([1, 2])
            }
            store = try fixture.open(now: start + 1)
            let waiting = try store.carriers.waitingParts(like: parts[4])
            try requireEqual(waiting.map(\.providerID), ["a", "b"], "those of one message")
            var same = waiting[0]
            same.id = 0
            try requireEqual(same, parts[0], "a part")
            try requireEqual(
                try store.carriers.waitingParts(limit: 3).map(\.providerID), ["a", "b", "x"], "the oldest")
            try requireEqual(try store.carriers.waitingPartCount(), 4, "all")
            try store.onCarriers { (store) throws(StoreError) in try store.finish(waiting.map(\.id)) }
            try requireEqual(try store.carriers.waitingParts(like: parts[0]), [], "none is left")
            try requireEqual(try store.carriers.waitingPartCount(), 2, "the others")
            let again = try store.onCarriers { (store) throws(StoreError) in try store.insert(parts[0]) }
            try require(!again, "it is known again")
        },
        Case("opt-outs at carriers are remembered until they are forgotten") { fixture in
            var store = try fixture.open(now: start)
            func optOut(_ number: UInt64, _ sender: String = "", at time: Int64 = start) -> CarrierOptOut {
                CarrierOptOut(
                    tenant: .first, number: number, provider: 1, sender: sender, at: time, code: "21610")
            }
            let all = [optOut(7), optOut(7, "Shop"), optOut(999_999_999_999_999, at: start + 9)]
            try store.onCarriers { (store) throws(StoreError) in
                for optOut in all.reversed() + [optOut(999_999_999_999_999, at: start + 9)] {
                    try store.remember(optOut)
                }
            }
            store.begunOnCarriers {
                try? $0.remember(optOut(8))
                try? $0.forget([all[0]])
            }
            store = try fixture.open(now: start + 1)
            try requireEqual(try store.carriers.carrierOptOuts(), all, "all")
            try store.onCarriers { (store) throws(StoreError) in try store.forget([all[1], optOut(77)]) }
            try requireEqual(try store.carriers.carrierOptOuts(), [all[0], all[2]], "those that are left")
        },
        Case("the last answer to a keyword is kept for a person, tenant and number") { fixture in
            var store = try fixture.open(now: start)
            func reply(_ message: UInt64, _ own: String = "12345", at time: Int64 = start) -> OptOutReply {
                OptOutReply(
                    tenant: .first, number: 7, ownNumber: own, at: time, message: MessageID(rawValue: message),
                    provider: 1)
            }
            try store.onCarriers { (store) throws(StoreError) in
                for reply in [reply(1), reply(2, "9"), reply(3, at: start + 5)] { try store.record(reply) }
            }
            store.begunOnCarriers { try? $0.record(reply(4, at: start + 6)) }
            store = try fixture.open(now: start + 1)
            let last = try store.carriers.lastReply(to: 7, of: .first, from: "12345")
            try requireEqual(last, reply(3, at: start + 5), "the last")
            try requireEqual(try store.carriers.lastReply(to: 7, of: .second, from: "12345"), nil, "another's")
            try requireEqual(try store.carriers.replies(since: start + 1), [reply(3, at: start + 5)], "recent ones")
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
