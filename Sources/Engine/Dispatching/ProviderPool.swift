internal import ConfigurationModel
internal import Providers
package import Routing
internal import SMSModel
internal import Scheduling

/// The providers that there are, and which of them a message may go to: their states, the routes, and which candidate
/// sets are open.
///
/// Part of the dispatcher. What waits is in flows by candidate set; the pool tells the queue of each set whether any of
/// its providers has room. When the routes change, what waits is routed again, each message in its turn.
struct ProviderPool {
    private(set) var states: [ProviderState] = []
    /// The index of each provider, by its number; -1 = none.
    private var indexOf = [Int16](repeating: -1, count: 256)
    /// The names of paused providers, also of those that are not there (any more).
    private var pausedProviders: Set<String> = []
    private(set) var table: RoutingTable
    private(set) var sets = CandidateSets()
    /// The providers' rules about senders, by their numbers.
    private(set) var senderTables: [UInt8: SenderTable] = [:]
    /// Whether a route or a provider has such.
    private(set) var hasSenderTables = false
    /// Raised whenever the routes change: numbers of sets that were given out before may stand for others by now.
    private(set) var routesEpoch = 0
    /// The candidate sets that each provider is in, by its index.
    private var setsOf: [[UInt16]] = []
    /// Each provider's access, by its index, as the queue last heard of it.
    private var accessOf: [MessageQueue.Access] = []
    /// The one set that every message has which nothing has happened to; nil if there are several.
    private(set) var onlySet: UInt16?
    /// Explanations that were given recently.
    private var told: [Choice: String] = [:]
    private var outdatedDue: Int64 = 0
    /// Whether some route refuses its messages. What has not been routed yet is then looked at even if no provider has
    /// room.
    private var hasRejections = false

    /// The loads of the providers that the round under way has changed, as they were before.
    private var loadsBefore: [(index: Int, load: ProviderState.Load)] = []

    /// A choice and what it was made from, as far as its explanation tells it.
    private struct Choice: Hashable {
        var set: CandidateSet
        var chosen: Int
        /// Four bits a place.
        var verdicts: UInt64
    }

    /// - Parameter routes: nil = every message may go to every provider, by their weights.
    init(_ providers: [ConfiguredProvider] = [], routes: [Route]? = nil, now: Int64) {
        table = RoutingTable([], now: now)
        _ = configure(providers, routes: routes, now: now)
    }

    // MARK: Configuring

    /// Takes over a configuration. Providers that are the same objects go on as they are; those that are not there any
    /// more take nothing new.
    /// - Returns: those that have to answer before they end.
    mutating func configure(_ providers: [ConfiguredProvider], routes: [Route]?, now: Int64) -> [any SMSProvider] {
        var draining: [any SMSProvider] = []
        for index in states.indices where !states[index].isRetired {
            guard !providers.contains(where: { $0.provider === states[index].provider }) else { continue }
            states[index].retire()
            indexOf[Int(states[index].number)] = -1
            if states[index].inFlight > 0 { draining.append(states[index].provider) }
        }
        for entry in providers {
            if let index = states.firstIndex(where: { $0.provider === entry.provider }) {
                states[index].configure(entry.limits, now: now)
            } else {
                add(ProviderState(provider: entry.provider, number: entry.number, limits: entry.limits, now: now))
            }
        }
        senderTables = [:]
        for entry in providers { senderTables[entry.number] = entry.senders }
        setRoutes(routes ?? [Route.sharing(providers.map(\.number))], now: now)
        return draining
    }

    private mutating func add(_ state: ProviderState) {
        var state = state
        let former = states.lastIndex { $0.number == state.number }
        if let former { state.goOn(from: states[former]) }
        state.setPaused(pausedProviders.contains(state.provider.name))
        let place: Int
        if let free = states.firstIndex(where: \.isClosed) {
            place = free
            states[free] = state
        } else {
            place = states.count
            states.append(state)
        }
        indexOf[Int(state.number)] = Int16(place)
    }

    private mutating func setRoutes(_ routes: [Route], now: Int64) {
        table = RoutingTable(routes, now: now)
        hasSenderTables = !senderTables.isEmpty || routes.contains { $0.senderTable != nil }
        routesChanged()
    }

    private mutating func routesChanged() {
        routesEpoch += 1
        sets.routesChanged()
        setsOf = states.map { _ in [] }
        accessOf = states.map { _ in .closed }
        told.removeAll()
        onlySet = nil
        outdatedDue = 0
        hasRejections = table.routes.contains { $0.rejection != nil }
        guard table.routes.count == 1, table.isUnconditional, !hasRejections else { return }
        onlySet = number(of: CandidateSet(route: 0))
    }

    /// Gives out, once each, the providers that were taken away and have answered for all that they had: they can be
    /// stopped. To be called after a commit, since a round that fails brings back what was answered in it.
    mutating func takeEnded() -> [any SMSProvider] {
        var ended: [any SMSProvider] = []
        for index in states.indices
        where states[index].isRetired && !states[index].isClosed && states[index].inFlight == 0 {
            states[index].isClosed = true
            ended.append(states[index].provider)
        }
        return ended
    }

    /// The providers that answer or may be given something; of a provider whose settings have changed, the
    /// newer.
    var current: [ProviderState] { states.filter { !$0.isRetired } }

    func index(named name: String) -> Int? { states.firstIndex { !$0.isRetired && $0.provider.name == name } }

    /// Changes a provider's load; a round that fails undoes it.
    mutating func update<Result>(_ index: Int, _ change: (inout ProviderState) -> Result) -> Result {
        if !loadsBefore.contains(where: { $0.index == index }) { loadsBefore.append((index, states[index].load)) }
        return change(&states[index])
    }

    /// Says whether a provider can be given a message. What it could be given by now is worked out on the way, which no
    /// round undoes.
    mutating func verdict(of index: Int, urgent: Bool, now: Int64) -> ProviderAvailability {
        states[index].verdict(urgent: urgent, now: now)
    }

    /// The provider's claims have been handed over.
    mutating func clearBatch(of index: Int) { states[index].batch = Submissions() }

    /// The round is durable.
    mutating func committed() { loadsBefore.removeAll(keepingCapacity: true) }

    /// The round's commit failed: as if it had not been. How a load changes can't be computed backwards, so the few that
    /// it touched are put back as they were.
    mutating func undo() {
        for (index, load) in loadsBefore { states[index].load = load }
        for index in states.indices where !states[index].batch.items.isEmpty { states[index].batch = Submissions() }
        committed()
    }

    /// Also a provider that is not there: should it be made (again), it is paused.
    mutating func setPaused(_ paused: Bool, provider name: String) {
        if paused { pausedProviders.insert(name) } else { pausedProviders.remove(name) }
        updateAll { if $0.provider.name == name { $0.setPaused(paused) } }
    }

    mutating func resumeAll() {
        pausedProviders.removeAll()
        updateAll { $0.setPaused(false) }
    }

    /// Takes over whether each provider can be handed messages.
    /// - Returns: the states of those for which that has changed.
    mutating func takeLinks(now: Int64) -> [ProviderState] {
        states.indices.compactMap { states[$0].takeLink(now: now) ? states[$0] : nil }
    }

    mutating func updateAll(_ change: (inout ProviderState) -> Void) {
        for index in states.indices { change(&states[index]) }
    }

    // MARK: Routing

    enum Routed: Hashable {
        /// The number of the set under which it waits.
        case candidates(UInt16)
        /// Its route's providers have all refused it.
        case refusedByAll
        /// Its route refuses it, for this reason.
        case rejected(String)
    }

    /// Where a message goes that nothing has happened to.
    /// - Parameter arena: of its texts.
    @inline(__always)
    mutating func candidates(of draft: MessageDraft, _ arena: MessageDrafts) -> UInt16 {
        onlySet ?? arena.bytes.withUnsafeBytes { routed(RoutingQuery(draft, $0), AttemptTrouble()) }
    }

    /// - Returns: the set's number; ``CandidateSets/nowhere`` if no route is for it, ``CandidateSets/unrouted`` if its
    ///   route refuses it.
    private mutating func routed(_ query: RoutingQuery, _ trouble: AttemptTrouble) -> UInt16 {
        guard let route = table.route(of: query) else { return sets.nowhere }
        guard !hasRejections || table.routes[route].rejection == nil else { return CandidateSets.unrouted }
        return number(of: CandidateSet(route: route, excluded: excluded(route, trouble)))
    }

    mutating func route(_ draft: MessageDraft, _ arena: MessageDrafts, _ trouble: AttemptTrouble) -> Routed {
        if hasRejections, let rejection = rejection(of: draft, arena) { return .rejected(rejection) }
        let number = arena.bytes.withUnsafeBytes { routed(RoutingQuery(draft, $0), trouble) }
        if let set = sets[number], table.routes[Int(set.route)].providers.indices.allSatisfy(set.excludes) {
            return .refusedByAll
        }
        return .candidates(number)
    }

    private func rejection(of draft: MessageDraft, _ arena: MessageDrafts) -> String? {
        let route = arena.bytes.withUnsafeBytes { table.route(of: RoutingQuery(draft, $0)) }
        return route.flatMap { table.routes[$0].rejectionText }
    }

    private func excluded(_ route: Int, _ trouble: AttemptTrouble) -> UInt16 {
        guard !trouble.refused.isEmpty else { return 0 }
        var excluded: UInt16 = 0
        for (place, provider) in table.routes[route].providers.enumerated() where trouble.refused.contains(provider) {
            excluded |= 1 << UInt16(place)
        }
        return excluded
    }

    private mutating func number(of set: CandidateSet) -> UInt16 {
        let (number, isNew) = sets.number(of: set)
        guard isNew else { return number }
        let providers = table.routes[Int(set.route)].providers
        for (place, provider) in providers.enumerated() where !set.excludes(place) {
            if let index = index(of: provider) { setsOf[index].append(number) }
        }
        return number
    }

    func index(of provider: UInt8) -> Int? {
        let index = Int(indexOf[Int(provider)])
        return index >= 0 ? index : nil
    }

    /// Whether a flow's number says where its messages may go.
    func isRouted(_ number: UInt16) -> Bool {
        number == sets.nowhere || sets[number].map { !$0.isTemporary } ?? false
    }

    /// Providers of a set, by number.
    func providers(of number: UInt16) -> [UInt8] {
        guard let set = sets[number] else { return [] }
        let providers = table.routes[Int(set.route)].providers
        return providers.indices.filter { !set.excludes($0) }.map { providers[$0] }
    }

    /// The set under which a message waits for other providers than those that throttle its sender; nil if none of them
    /// is up.
    mutating func candidates(_ number: UInt16, without held: Set<UInt8>, now: Int64) -> UInt16? {
        guard let set = sets[number] else { return nil }
        var left = CandidateSet(route: Int(set.route), excluded: set.excluded, isTemporary: true)
        for (place, provider) in table.routes[Int(set.route)].providers.enumerated() where held.contains(provider) {
            left.excluded |= 1 << UInt16(place)
        }
        guard isUp(left, now: now), case let found = self.number(of: left), found != CandidateSets.unrouted else {
            return nil
        }
        return found
    }

    private mutating func isUp(_ set: CandidateSet, now: Int64) -> Bool {
        for (place, provider) in table.routes[Int(set.route)].providers.enumerated() where !set.excludes(place) {
            if let index = index(of: provider), states[index].verdict(urgent: true, now: now).isUp { return true }
        }
        return false
    }

    /// Whether messages of a set may go to a provider.
    func mayGo(_ number: UInt16, to provider: UInt8) -> Bool {
        guard let set = sets[number] else { return false }
        return table.routes[Int(set.route)].providers.enumerated().contains { place, candidate in
            candidate == provider && !set.excludes(place)
        }
    }

    // MARK: Choosing

    /// The provider that a message of a set is handed to now, and why; nil if it has to wait.
    ///
    /// - Parameter held: providers that throttle its sender, by number.
    mutating func choose(
        _ number: UInt16, _ trouble: AttemptTrouble, held: Set<UInt8> = [], urgent: Bool, now: Int64,
        using random: inout some RandomNumberGenerator
    ) -> (index: Int, reason: String)? {
        guard let set = sets[number] else { return nil }
        let route = table.routes[Int(set.route)]
        if route.providers.count == 1 {
            guard let index = index(of: route.providers[0]), !held.contains(route.providers[0]),
                states[index].verdict(urgent: urgent, now: now) == .hasRoom
            else { return nil }
            return (
                index, route.name.isEmpty ? "only provider" : explanation(set, route, 0, [contender(index, now: now)])
            )
        }
        var contenders = self.contenders(set, route, held: held, urgent: urgent, now: now)
        if !trouble.failures.isEmpty {
            var others = contenders
            for (place, provider) in route.providers.enumerated()
            where others[place].verdict.isUp && trouble.isBehind(provider, among: upOnes(route, contenders)) {
                others[place].verdict = .hasFailed
            }
            if route.choice({ others[$0] }, using: &random) != nil { contenders = others }
        }
        guard let chosen = route.choice({ contenders[$0] }, using: &random),
            let index = index(of: route.providers[chosen])
        else { return nil }
        return (index, explanation(set, route, chosen, contenders))
    }

    private func upOnes(_ route: Route, _ contenders: [Contender]) -> [UInt8] {
        route.providers.indices.filter { contenders[$0].verdict.isUp }.map { route.providers[$0] }
    }

    mutating func contenders(
        _ set: CandidateSet, _ route: Route, held: Set<UInt8> = [], urgent: Bool, now: Int64
    ) -> [Contender] {
        route.providers.indices.map { place in
            guard let index = index(of: route.providers[place]) else { return Contender(verdict: .isDisabled) }
            var contender = contender(index, now: now)
            if set.excludes(place) {
                contender.verdict = .hasRefused
            } else {
                contender.verdict = states[index].verdict(urgent: urgent, now: now)
                if contender.verdict.isUp, held.contains(route.providers[place]) {
                    contender.verdict = .throttlesSender
                }
            }
            return contender
        }
    }

    private mutating func contender(_ index: Int, now: Int64) -> Contender {
        Contender(
            verdict: .hasRoom, weight: states[index].limits.weight, price: states[index].limits.price,
            latency: states[index].latency(now: now))
    }

    private mutating func explanation(
        _ set: CandidateSet, _ route: Route, _ chosen: Int, _ contenders: [Contender]
    ) -> String {
        var verdicts: UInt64 = 0
        for contender in contenders { verdicts = verdicts << 4 | UInt64(contender.verdict.rawValue) }
        let choice = Choice(set: set, chosen: chosen, verdicts: verdicts)
        // Latencies are different each time.
        if route.policy != .fastest, let told = told[choice] { return told }
        let names = route.providers.map { index(of: $0).map { states[$0].provider.name } ?? "provider \($0)" }
        let text = route.explanation(chosen: chosen, contenders, names: names)
        if told.count >= 4096 { told.removeAll() }
        told[choice] = text
        return text
    }

    /// What is left for a message that a provider of its set has just refused or failed.
    enum Alternative: Hashable {
        /// Another provider that is up.
        case now
        /// Others that are not, or the same again.
        case later
        case none
    }

    /// - Parameter failed: the provider that could not be reached; nil = it is among those that refused.
    mutating func alternative(
        to number: UInt16, _ trouble: AttemptTrouble, failed: UInt8? = nil, now: Int64
    ) -> Alternative {
        // The routes are others now: they are asked when its turn comes.
        guard let set = sets[number] else { return failed == nil ? .now : .later }
        let left = table.routes[Int(set.route)].providers.filter { !trouble.refused.contains($0) }
        let own = failed.map { trouble.failures[$0] ?? 0 } ?? .max
        for provider in left where trouble.failures[provider] ?? 0 < own {
            if let index = index(of: provider), states[index].verdict(urgent: true, now: now).isUp { return .now }
        }
        return left.isEmpty ? .none : .later
    }

    /// Whether another provider than one has room for a message.
    mutating func hasRoomElsewhere(
        _ number: UInt16, than other: UInt8, _ trouble: AttemptTrouble, now: Int64
    ) -> Bool {
        guard let set = sets[number], table.routes[Int(set.route)].overflows else { return false }
        for provider in table.routes[Int(set.route)].providers
        where provider != other && !trouble.refused.contains(provider) {
            if let index = index(of: provider), states[index].verdict(urgent: false, now: now) == .hasRoom {
                return true
            }
        }
        return false
    }

    // MARK: What is open

    /// Tells the queue what there is room for.
    mutating func refresh(_ queue: inout MessageQueue, now: Int64) {
        if now >= table.nextChange, table.advance(to: now) { routesChanged() }
        var any = MessageQueue.Access.closed
        for index in states.indices {
            accessOf[index] = access(index, now: now)
            any = max(any, accessOf[index])
        }
        queue.setAccess(.closed, of: sets.nowhere)
        if hasRejections { any = .open }
        queue.setAccess(any, of: CandidateSets.unrouted)
        refreshOutdated(&queue, any, now: now)
        for index in states.indices { refreshSets(of: index, &queue, now: now) }
    }

    /// The same, after one provider has changed.
    mutating func refresh(_ queue: inout MessageQueue, index: Int, now: Int64) {
        let access = access(index, now: now)
        guard access != accessOf[index] else { return }
        accessOf[index] = access
        let any = hasRejections ? .open : accessOf.max() ?? .closed
        queue.setAccess(any, of: CandidateSets.unrouted)
        for number in sets.outdated { queue.setAccess(any, of: number) }
        refreshSets(of: index, &queue, now: now)
    }

    private mutating func refreshOutdated(_ queue: inout MessageQueue, _ any: MessageQueue.Access, now: Int64) {
        guard !sets.outdated.isEmpty else { return }
        if now >= outdatedDue {
            outdatedDue = now + 1000
            var unused: Set<UInt16> = []
            for number in sets.outdated where !queue.hasMessages(of: number) { unused.insert(number) }
            sets.free { unused.contains($0) }
        }
        for number in sets.outdated { queue.setAccess(any, of: number) }
    }

    private mutating func access(_ index: Int, now: Int64) -> MessageQueue.Access {
        if states[index].verdict(urgent: false, now: now) == .hasRoom { return .open }
        return states[index].verdict(urgent: true, now: now) == .hasRoom ? .urgentOnly : .closed
    }

    private mutating func refreshSets(of index: Int, _ queue: inout MessageQueue, now: Int64) {
        for number in setsOf[index] { queue.setAccess(access(ofSet: number, now: now), of: number) }
    }

    private mutating func access(ofSet number: UInt16, now: Int64) -> MessageQueue.Access {
        guard let set = sets[number] else { return .closed }
        let route = table.routes[Int(set.route)]
        // What waits for others for a while must not wait for them while they are down.
        if set.isTemporary, !isUp(set, now: now) { return .open }
        if route.overflows || route.policy == .weight {
            var access = MessageQueue.Access.closed
            for (place, provider) in route.providers.enumerated() where !set.excludes(place) {
                if let index = index(of: provider) { access = max(access, accessOf[index]) }
            }
            return access
        }
        // Whether there is a choice is asked, not which.
        var random = SeededGenerator(seed: 0)
        let open = contenders(set, route, urgent: false, now: now)
        if route.choice({ open[$0] }, using: &random) != nil { return .open }
        let urgent = contenders(set, route, urgent: true, now: now)
        return route.choice({ urgent[$0] }, using: &random) != nil ? .urgentOnly : .closed
    }

    /// Tells the queue of one set alone: it is new, or was thought to have room.
    mutating func refresh(_ queue: inout MessageQueue, set number: UInt16, now: Int64) {
        guard sets[number] != nil else { return }
        queue.setAccess(access(ofSet: number, now: now), of: number)
    }

    /// When a provider that is closed, as the queue was last told, may open by itself, or a route; nil = never.
    mutating func nextTime(now: Int64) -> Int64? {
        var next = table.nextChange == .max ? nil : table.nextChange
        for index in states.indices where accessOf[index] != .open {
            guard let time = states[index].nextTime(now: now) else { continue }
            next = min(next ?? time, time)
        }
        return next
    }
}

extension RoutingQuery {
    init(_ draft: MessageDraft, _ bytes: UnsafeRawBufferPointer) {
        self.init(
            tenant: draft.tenant, priority: draft.priority,
            recipient: UnsafeRawBufferPointer(rebasing: bytes[draft.recipient.range]),
            sender: UnsafeRawBufferPointer(rebasing: bytes[draft.sender.range]))
    }
}

extension Route {
    /// The route of all messages where the configuration has none.
    package static func sharing(_ providers: [UInt8]) -> Route {
        var route = Route(name: "", providers: providers)
        if providers.count > 1 { route.policy = .weight }
        return route
    }
}
