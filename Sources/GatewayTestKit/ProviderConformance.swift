package import Providers
package import SMSModel
internal import Synchronization

/// What every provider has to hold to, whatever is behind it.
package enum ProviderConformance {
    package struct Case: Sendable, CustomStringConvertible {
        package let description: String
        /// Takes a provider that has not been started yet, and ends it.
        package let run: @Sendable (any SMSProvider) async throws -> Void
    }

    package static let cases = [
        Case(description: "has a name that configurations and tables can hold") { provider in
            let name = provider.name
            try require((1...32).contains(name.utf8.count), "the name \(name) is too short or too long")
            try require(
                name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
                "the name \(name) has other characters than a-z 0-9 -")
            try require(!provider.kind.isEmpty, "it is of no kind")
        },
        Case(description: "answers each submission exactly once, with its attempt") { provider in
            let events = ProviderEventLog()
            provider.start(events: events)
            var wanted: [MessageID: Int] = [:]
            for burst in 0..<20 {
                let batch = Submissions(count: 1 + burst * 7, from: 1 + burst * 1000, attempt: 1 + burst % 3)
                for item in batch.items { wanted[item.id] = item.attempt }
                provider.submit(batch)
            }
            let count = wanted.count
            await events.wait { $0.answers.count >= count }
            provider.drain()
            provider.stop()
            let answers = events.answers
            try requireEqual(answers.count, count, "answers")
            for answer in answers {
                try requireEqual(wanted.removeValue(forKey: answer.id), answer.attempt, "attempt of \(answer.id)")
            }
        },
        Case(description: "sends receipts only for what it was given") { provider in
            let events = ProviderEventLog()
            provider.start(events: events)
            let batch = Submissions(count: 200, from: 1, attempt: 4)
            provider.submit(batch)
            await events.wait { $0.answers.count >= 200 }
            provider.drain()
            provider.stop()
            for receipt in events.receipts {
                try require((1...200).contains(receipt.id.rawValue), "a receipt for \(receipt.id)")
                try requireEqual(receipt.attempt, 4, "attempt")
            }
            for report in events.content.reports {
                try require(
                    (1...Limits.reportedEvents).contains(report.count), "a report of \(report.count) events")
            }
        },
        Case(description: "answers all of what it still has once it drains") { provider in
            let events = ProviderEventLog()
            provider.start(events: events)
            for burst in 0..<50 { provider.submit(Submissions(count: 100, from: 1 + burst * 100, attempt: 1)) }
            provider.drain()
            await events.wait { $0.answers.count >= 5000 }
            provider.stop()
            try requireEqual(events.answers.count, 5000, "answers")
            try requireEqual(Set(events.answers.map(\.id)).count, 5000, "different messages")
        },
        Case(description: "reports nothing once it has stopped") { provider in
            let events = ProviderEventLog()
            provider.start(events: events)
            for burst in 0..<50 { provider.submit(Submissions(count: 100, from: 1 + burst * 100, attempt: 1)) }
            await events.wait { !$0.answers.isEmpty }
            provider.stop()
            let count = events.answers.count + events.receipts.count
            // Time for a report that should not come: many turns of this thread.
            for _ in 0..<1000 { await Task.yield() }
            try requireEqual(events.answers.count + events.receipts.count, count, "reports after the stop")
        },
    ]
}

extension Submissions {
    /// Messages to ordinary numbers, with ids in a row.
    package init(count: Int, from first: Int, attempt: Int) {
        self.init(
            (0..<count).map { (MessageID(rawValue: UInt64(first + $0)), "+447400123456", "hello") }, attempt: attempt)
    }

    package init(_ messages: [(id: MessageID, to: String, body: String)], attempt: Int = 1, sender: String = "Apus") {
        self.init()
        for message in messages {
            let slices = [message.to, sender, message.body].map { text in
                let slice = ByteSlice(offset: UInt32(bytes.count), count: UInt32(text.utf8.count))
                bytes += Array(text.utf8)
                return slice
            }
            items.append(
                Submission(
                    id: message.id, attempt: attempt, recipient: slices[0], sender: slices[1], body: slices[2],
                    segments: 1, encoding: .gsm7))
        }
    }
}

/// Keeps what a provider reports, and lets a test wait for it.
package final class ProviderEventLog: ProviderEvents {
    package struct Content: Sendable {
        package var answers: [AttemptAnswer] = []
        /// The ones that name their attempt by its token.
        package var receipts: [Receipt] = []
        /// Reports as they came, refused ones too.
        package var reports: [[CarrierEvent]] = []
        package var linkChanges = 0
        /// Answers and receipts as they came: true for an answer.
        package var order: [(isAnswer: Bool, id: MessageID)] = []
    }

    private struct Waiter {
        let isDone: @Sendable (Content) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private let state = Mutex((content: Content(), waiters: [Waiter]()))
    /// What is said of the next reports: nil = they are durable.
    private let refusals: Mutex<[GatewayError?]>

    /// - Parameter refusals: what the first reports are answered with; further ones are durable.
    package init(refusals: [GatewayError?] = []) {
        self.refusals = Mutex(refusals)
    }

    package var content: Content { state.withLock { $0.content } }
    package var answers: [AttemptAnswer] { content.answers }
    package var receipts: [Receipt] { content.receipts }

    package func answered(_ answers: [AttemptAnswer]) {
        change { content in
            content.answers += answers
            content.order += answers.map { (true, $0.id) }
        }
    }

    package func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void) {
        let refusal = refusals.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        // Anyone who waits for the report may go on at once.
        if refusal != nil { done(refusal) }
        change { content in
            content.reports.append(events)
            guard refusal == nil else { return }
            let receipts = events.compactMap(\.receiptByToken)
            content.receipts += receipts
            content.order += receipts.map { (false, $0.id) }
        }
        if refusal == nil { done(nil) }
    }

    package func linkChanged() { change { $0.linkChanges += 1 } }

    private func change(_ body: (inout Content) -> Void) {
        let done = state.withLock { state in
            body(&state.content)
            let content = state.content
            let done = state.waiters.filter { $0.isDone(content) }
            state.waiters.removeAll { $0.isDone(content) }
            return done
        }
        for waiter in done { waiter.continuation.resume() }
    }

    /// Returns once what was reported satisfies the condition.
    package func wait(until isDone: @escaping @Sendable (Content) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isDoneAlready = state.withLock { state in
                if isDone(state.content) { return true }
                state.waiters.append(Waiter(isDone: isDone, continuation: continuation))
                return false
            }
            if isDoneAlready { continuation.resume() }
        }
    }
}

extension CarrierEvent {
    /// The receipt, if it names its attempt by the token.
    package var receiptByToken: Receipt? {
        guard case .receipt(let receipt) = self, let token = receipt.attempt, let status = receipt.status else {
            return nil
        }
        return Receipt(id: token.id, attempt: token.attempt, status: status, providerIDs: receipt.providerIDs)
    }
}

extension Receipt {
    /// The same as a carrier reports it that hands the token back.
    package var byToken: CarrierEvent {
        .receipt(
            CarrierReceipt(
                attempt: CorrelationToken(id: id, attempt: attempt), providerID: providerIDs.first, status: status,
                part: part, partID: providerIDs.dropFirst().first))
    }
}
