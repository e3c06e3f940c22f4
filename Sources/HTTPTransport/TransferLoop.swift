internal import CCurl
internal import DequeModule
internal import Glibc
internal import SMSModel
internal import Synchronization

/// What the client's thread does: takes commands, lets libcurl work, reports what ended.
///
/// Sendable unchecked: but for ``wake()`` and ``isCurrentThread``, all is called by that thread alone.
final class TransferLoop: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer
    private let sockets: SocketPoll
    private let thread = Atomic<UInt>(0)
    /// The sessions that have something to do.
    private var sessions: [ObjectIdentifier: HTTPSession] = [:]

    private static let isLibraryReady = apus_curl_global_init() == CURLE_OK

    init() {
        precondition(Self.isLibraryReady, "libcurl does not start")
        guard let multi = curl_multi_init() else { preconditionFailure("no memory for libcurl") }
        self.multi = multi
        sockets = SocketPoll(multi)
        apus_curl_multi_set_number(multi, CURLMOPT_PIPELINING, 0)
        apus_curl_multi_set_number(multi, CURLMOPT_MAXCONNECTS, Limits.httpIdleConnections)
    }

    deinit {
        curl_multi_cleanup(multi)
    }

    /// Any thread.
    func wake() {
        sockets.wake()
    }

    /// Any thread.
    var isCurrentThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// - Parameter takeCommands: nil = stop.
    func run(_ takeCommands: () -> [HTTPClient.Command]?) {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        ignoreBrokenPipes()
        while let commands = takeCommands() {
            let now = Self.now()
            for command in commands { obey(command, now: now) }
            repeat {
                startWaiting()
                sockets.runTimer(now: Self.now())
                takeEnded()
            } while sessions.values.contains { $0.queue.canStart }
            deliver()
            sockets.wait(until: firstDeadline, now: Self.now())
            takeEnded()
        }
        for session in sessions.values { drop(session) }
        sessions.removeAll()
    }

    /// OpenSSL writes to sockets that their peer has closed.
    private func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Milliseconds, for deadlines: the client's clock.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    // MARK: Commands

    private func obey(_ command: HTTPClient.Command, now: Int64) {
        switch command {
        case .submit(let session, let requests):
            guard !session.queue.isClosed else { return }
            sessions[ObjectIdentifier(session)] = session
            session.queue.submitted(requests, now: now)
        case .cancel(let session, let id):
            session.queue.cancelWaiting { $0 == id }
            for transfer in session.queue.active.values where transfer.request?.id == id { cancel(transfer) }
        case .drain(let session):
            session.queue.isDraining = true
            session.queue.cancelWaiting { _ in true }
            for transfer in session.queue.active.values where transfer.sendings == 0 { cancel(transfer) }
        case .close(let session):
            drop(session)
            sessions[ObjectIdentifier(session)] = nil
        }
    }

    private func cancel(_ transfer: Transfer) {
        guard let request = transfer.request else { return }
        let failure = HTTPFailure(.canceled)
        transfer.queue.end(request.id, transfer.sendings == 0 ? .notSent(failure) : .unknown(failure))
        free(transfer)
    }

    private func drop(_ session: HTTPSession) {
        for transfer in session.queue.active.values { curl_multi_remove_handle(multi, transfer.easy) }
        session.queue.active.removeAll()
        session.queue.idle.removeAll()
        session.queue.waiting.removeAll()
        session.queue.ended.removeAll()
        session.queue.isClosed = true
    }

    // MARK: Transfers

    private func startWaiting() {
        let now = Self.now()
        for session in sessions.values {
            let queue = session.queue
            queue.expire(now: now)
            while queue.canStart, let next = queue.waiting.popFirst() { start(next, queue, now: now) }
        }
    }

    private func start(_ waiting: SessionQueue.Waiting, _ queue: SessionQueue, now: Int64) {
        let id = waiting.id
        guard let transfer = queue.idle.popLast() ?? Transfer(queue, sockets) else {
            return queue.end(id, .notSent(HTTPFailure(.other, "no memory")))
        }
        guard transfer.begin(waiting.source.request(at: waiting.index), deadline: waiting.deadline, now: now) else {
            queue.idle.append(transfer)
            return queue.end(id, .notSent(HTTPFailure(.invalidRequest, "a text has characters that it may not have")))
        }
        queue.active[ObjectIdentifier(transfer)] = transfer
        curl_multi_add_handle(multi, transfer.easy)
    }

    private func takeEnded() {
        var code = CURLE_OK
        while let easy = apus_curl_multi_take_ended(multi, &code) {
            let transfer = Transfer.of(apus_curl_context(easy))
            let end = transfer.end(code)
            if end.conclusion == .notSent(.staleConnection), !transfer.isSecondStart {
                curl_multi_remove_handle(multi, easy)
                transfer.beginAgain(now: Self.now())
                curl_multi_add_handle(multi, easy)
                continue
            }
            if let request = transfer.request { transfer.queue.end(request.id, transfer.result(end)) }
            free(transfer)
        }
    }

    private func free(_ transfer: Transfer) {
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.clear()
        transfer.queue.active[ObjectIdentifier(transfer)] = nil
        transfer.queue.idle.append(transfer)
    }

    // MARK: Reports

    private func deliver() {
        for (id, session) in sessions {
            let queue = session.queue
            if !queue.ended.isEmpty {
                let ended = queue.ended
                queue.ended.removeAll(keepingCapacity: true)
                session.deliver(ended)
            }
            if queue.hasNothing { sessions[id] = nil }
        }
    }

    /// The first deadline of transfers that wait for a connection. The others' times are libcurl's.
    private var firstDeadline: Int64? { sessions.values.compactMap { $0.queue.waiting.first?.deadline }.min() }
}
