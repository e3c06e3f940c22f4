import GatewayTestKit
import SMSModel
import Testing

private let id = MessageID(milliseconds: 1_800_000_000_000)
private let start: Int64 = 1_800_000_000_000

private func events(_ history: History) -> [History.Event] {
    var events: [History.Event] = []
    history.forEach(from: start) { events.append($0) }
    return events
}

private func unpacked(_ bytes: [UInt8]) -> History {
    bytes.withUnsafeBytes { History(id: id, packed: $0) }
}

@Suite struct HistoryTests {
    @Test func eventsComeBackAsTheyWentIn() {
        var history = History(id: id)
        #expect(events(history).isEmpty)
        history.append(.submitting, state: .submitting, at: start, attempt: 1, provider: 255, detail: "only provider")
        history.append(.unavailable, state: .queued, at: start + 127, attempt: 1, provider: 255)
        history.append(.submitting, state: .submitting, at: start + 128, attempt: 300, provider: 1)
        history.append(.sent, state: .sent, at: start + 20_000_000_000, attempt: 300, provider: 1, detail: "grüß 👋")
        for copy in [history, unpacked(history.bytes)] {
            let found = events(copy)
            #expect(found.map(\.kind) == [.submitting, .unavailable, .submitting, .sent])
            #expect(found.map(\.state) == [.submitting, .queued, .submitting, .sent])
            #expect(found.map(\.at) == [start, start + 127, start + 128, start + 20_000_000_000])
            #expect(found.map(\.attempt) == [1, 1, 300, 300])
            #expect(found.map(\.provider) == [255, 255, 1, 1])
            #expect(found.map { copy.detail(of: $0) } == ["only provider", "", "", "grüß 👋"])
        }
        #expect(unpacked(history.bytes) == history)
    }

    @Test func timeNeverGoesBackInIt() {
        var history = History(id: id)
        history.append(.submitting, state: .submitting, at: start - 5000)
        history.append(.sent, state: .sent, at: start + 10)
        history.append(.delivered, state: .delivered, at: start + 3)
        history.append(.receiptIgnored, state: .delivered, at: start + 12)
        #expect(events(history).map(\.at) == [start, start + 10, start + 10, start + 12])
        #expect(unpacked(history.bytes) == history)
    }

    @Test func detailsAreCutBetweenCharacters() {
        for (detail, kept) in [
            (String(repeating: "a", count: 256), 256), (String(repeating: "a", count: 257), 256),
            (String(repeating: "é", count: 128), 256), ("a" + String(repeating: "é", count: 128), 255),
            (String(repeating: "👋", count: 64), 256), ("abc" + String(repeating: "👋", count: 64), 255),
        ] {
            var history = History(id: id)
            history.append(.failed, state: .failed, at: start, detail: detail)
            let text = history.detail(of: events(history)[0])
            #expect(text.utf8.count == kept)
            #expect(detail.hasPrefix(text))
        }
    }

    @Test func truncatedBytesGiveTheEventsThatAreWhole() {
        var history = History(id: id)
        var ends: [Int] = []
        for number in 1...5 {
            history.append(
                .unavailable, state: .queued, at: start + Int64(number) * 1000, attempt: number, provider: 1,
                detail: "code \(number)")
            ends.append(history.bytes.count)
        }
        for count in 0...history.bytes.count {
            let found = events(unpacked(Array(history.bytes.prefix(count))))
            #expect(found.count == ends.filter { $0 <= count }.count)
        }
    }

    @Test func garbageNeverCrashesAndCanBeAppendedTo() {
        var generator = SeededGenerator(seed: 5)
        for round in 0..<1000 {
            let count = Int.random(in: 0...60, using: &generator)
            var bytes: [UInt8] = []
            // Half of them begin like an event, with lengths and times that lie.
            if round % 2 == 0 {
                bytes = [UInt8.random(in: 1...18, using: &generator), UInt8.random(in: 1...11, using: &generator)]
            }
            for _ in 0..<count {
                bytes.append(UInt8.random(in: round % 3 == 0 ? 200...255 : 0...255, using: &generator))
            }
            var history = unpacked(bytes)
            _ = events(history)
            history.append(.canceled, state: .canceled, at: start + 1)
            _ = MessageLifecycle(id: id, state: .sent, due: 0, history: history)
        }
    }

    @Test func timesThatLieDoNotOverflow() {
        // An event of the longest time there is, again and again.
        let event: [UInt8] = [5, 5, 1, 1] + Array(repeating: 0xFF, count: 7) + [0x7F, 0]
        var history = unpacked(Array(repeating: event, count: 2000).flatMap { $0 })
        _ = events(history)
        history.append(.delivered, state: .delivered, at: start)
        let allowed: [UInt8] = [5, 5, 1, 1] + Array(repeating: 0xFF, count: 7).dropLast() + [0x7F, 0]
        history = unpacked(Array(repeating: allowed, count: 2000).flatMap { $0 })
        #expect(events(history).count > 10)
        history.append(.delivered, state: .delivered, at: start)
    }

    @Test func whatMustBeKnownIsKeptPastTheBound() {
        var history = History(id: id)
        while history.bytes.count < History.packedBytes {
            history.append(.receiptIgnored, state: .sent, at: start + 1, attempt: 1, provider: 1, detail: "x")
        }
        let full = history.bytes.count
        history.append(.receiptIgnored, state: .sent, at: start + 2, attempt: 1, provider: 1, detail: "x")
        #expect(history.bytes.count == full)
        history.append(.submitting, state: .submitting, at: start + 3, attempt: 2, provider: 1)
        history.append(.throttled, state: .queued, at: start + 4, attempt: 2, provider: 1)
        history.append(.submitting, state: .submitting, at: start + 5, attempt: 3, provider: 1)
        history.append(.outcomeUnknown, state: .queued, at: start + 6, attempt: 3, provider: 1)
        history.append(.submitting, state: .submitting, at: start + 7, attempt: 4, provider: 1)
        history.append(.sent, state: .sent, at: start + 8, attempt: 4, provider: 1, detail: "p")
        // The claim under way is never taken away; only those before it that came to nothing are.
        let tail = events(history).suffix(3)
        #expect(tail.map(\.kind) == [.outcomeUnknown, .submitting, .sent])
        #expect(tail.map(\.at) == [start + 6, start + 7, start + 8])
        #expect(events(history).filter { $0.kind == .throttled }.isEmpty)
        #expect(unpacked(history.bytes) == history)
    }
}
