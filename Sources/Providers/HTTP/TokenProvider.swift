internal import HTTPTransport
internal import SMSModel
internal import Synchronization

/// A provider whose requests need an access token: it hands messages on once there is one, and once more if the carrier
/// refuses the token. A message of which nobody knows whether it was taken is never handed on again.
final class TokenProvider: SMSProvider {
    /// What an outcome is called where the carrier has refused the token.
    static let refused = "ACCESS_TOKEN_REFUSED"

    private struct Key: Hashable {
        var id: MessageID
        var attempt: Int

        /// The request's id, as carriers choose it.
        var request: HTTPRequestID { HTTPRequestID(number: id.rawValue, attempt: attempt) }
    }

    /// A message that the carrier may have.
    private struct Flight {
        var batch: Submissions
        var place: Int
        /// The message has been handed on before.
        var isSecond: Bool
    }

    private struct State {
        var events: (any ProviderEvents)?
        var isDraining = false
        /// Bursts that wait for a token, by numbers of their own.
        var waiting: [UInt64: (batch: Submissions, isSecond: Bool)] = [:]
        var lastNumber: UInt64 = 0
        var flights: [Key: Flight] = [:]
    }

    private let inner: any SMSProvider
    private let tokens: AccessTokens
    private let begin: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter begin: lets the tokens be fetched.
    init(_ inner: any SMSProvider, tokens: AccessTokens, begin: @escaping @Sendable () -> Void) {
        self.inner = inner
        self.tokens = tokens
        self.begin = begin
    }

    var name: String { inner.name }
    var kind: String { inner.kind }
    var canBeAsked: Bool { inner.canBeAsked }
    var link: LinkState { inner.link }

    func start(events: any ProviderEvents) {
        state.withLock { $0.events = events }
        begin()
        inner.start(events: self)
    }

    func submit(_ batch: Submissions) { submit(batch, isSecond: false) }

    private func submit(_ batch: Submissions, isSecond: Bool) {
        let number = state.withLock { state in
            state.lastNumber += 1
            state.waiting[state.lastNumber] = (batch, isSecond)
            return state.lastNumber
        }
        tokens.need { [self] result in
            switch result {
            case .success(let serial): handOn(number, serial: serial)
            case .failure(let failure): giveUp(number, .unavailable(code: failure.code))
            }
        }
    }

    private func handOn(_ number: UInt64, serial: Int) {
        let batch = state.withLock { state -> Submissions? in
            guard let (batch, isSecond) = state.waiting.removeValue(forKey: number) else { return nil }
            for (place, item) in batch.items.enumerated() {
                let key = Key(id: item.id, attempt: item.attempt)
                tokens.handedOn(key.request, serial: serial)
                state.flights[key] = Flight(batch: batch, place: place, isSecond: isSecond)
            }
            return batch
        }
        if let batch { inner.submit(batch) }
    }

    private func giveUp(_ number: UInt64, _ outcome: Outcome) {
        guard let batch = state.withLock({ $0.waiting.removeValue(forKey: number)?.batch }) else { return }
        let answers = batch.items.map { AttemptAnswer(id: $0.id, attempt: $0.attempt, outcome: outcome) }
        // A provider never calls back before `submit` returns.
        Task { [self] in state.withLock { $0.events }?.answered(answers) }
    }

    func drain() {
        let waiting = state.withLock { state in
            state.isDraining = true
            return Array(state.waiting.keys)
        }
        for number in waiting { giveUp(number, .returned) }
        inner.drain()
    }

    func stop() {
        state.withLock { state in
            state.events = nil
            state.waiting = [:]
            for key in state.flights.keys { tokens.answered(key.request) }
            state.flights = [:]
        }
        inner.stop()
        tokens.stop()
    }
}

extension TokenProvider: ProviderEvents {
    func answered(_ answers: [AttemptAnswer]) {
        var told: [AttemptAnswer] = []
        var again = Submissions()
        var refused: Set<Int> = []
        let events = state.withLock { state -> (any ProviderEvents)? in
            for answer in answers {
                let key = Key(id: answer.id, attempt: answer.attempt)
                let flight = state.flights.removeValue(forKey: key)
                let serial = flight == nil ? nil : tokens.answered(key.request)
                guard let flight, answer.outcome == .unavailable(code: Self.refused) else {
                    told.append(answer)
                    continue
                }
                if let serial { refused.insert(serial) }
                if flight.isSecond || state.isDraining {
                    told.append(answer)
                } else {
                    again.append(flight.batch.items[flight.place], of: flight.batch)
                }
            }
            return state.events
        }
        for serial in refused { tokens.refused(serial: serial) }
        if !told.isEmpty { events?.answered(told) }
        if !again.items.isEmpty { submit(again, isSecond: true) }
    }

    func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void) {
        // Once it has been stopped nobody is there to keep them.
        guard let road = state.withLock({ $0.events }) else {
            return done(GatewayError(.unavailable, "the provider has been stopped"))
        }
        road.reported(events, done: done)
    }

    func linkChanged() { state.withLock { $0.events }?.linkChanged() }
}

extension Submissions {
    /// Copies a message of another burst.
    fileprivate mutating func append(_ item: Submission, of other: Submissions) {
        func copy(_ slice: ByteSlice) -> ByteSlice {
            let offset = bytes.count
            bytes += other.bytes[slice.range]
            return ByteSlice(offset: UInt32(offset), count: slice.count)
        }
        var item = item
        item.recipient = copy(item.recipient)
        item.sender = copy(item.sender)
        item.body = copy(item.body)
        item.reference = copy(item.reference)
        items.append(item)
    }
}
