internal import CCurl
internal import Glibc

/// The sockets and the timer that libcurl waits for, by epoll. What a turn costs depends on the sockets that have
/// something, not on how many there are.
///
/// Sendable unchecked: but for ``wake()``, all is called by the client's thread alone.
final class SocketPoll: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer
    private let epoll: Int32
    private let wakes: Int32
    private var watches = SocketWatches()
    /// Where epoll writes. If more sockets have something, their turn is the next.
    private let ready = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 512)
    /// When libcurl has something to do, in milliseconds of the client's clock.
    private var timer: Int64?

    /// It has to outlive `multi`.
    init(_ multi: UnsafeMutableRawPointer) {
        self.multi = multi
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakes = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(epoll >= 0 && wakes >= 0, "the system gives no descriptors: \(errno)")
        tell(.add(EPOLLIN.rawValue), wakes)
        apus_curl_multi_set_callbacks(
            multi, Unmanaged.passUnretained(self).toOpaque(),
            { _, socket, what, context, _ in
                SocketPoll.of(context).libcurlWants(what, of: socket)
                return 0
            },
            { _, milliseconds, context in
                SocketPoll.of(context).timer = milliseconds < 0 ? nil : TransferLoop.now() + Int64(milliseconds)
                return 0
            })
    }

    deinit {
        close(epoll)
        close(wakes)
        ready.deallocate()
    }

    /// Lets it know of the connections that a handle makes.
    func follow(_ easy: UnsafeMutableRawPointer) {
        apus_curl_set_socket_callbacks(
            easy, Unmanaged.passUnretained(self).toOpaque(),
            { context, socket, _ in
                SocketPoll.of(context).watches.opened(socket)
                return CURL_SOCKOPT_OK
            },
            { context, socket in
                // By itself epoll forgets a socket only once no other process has it.
                let poll = SocketPoll.of(context)
                poll.tell(poll.watches.closing(socket), socket)
                return close(socket)
            })
    }

    /// Ends ``wait(until:now:)``, that under way or the next. Any thread.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakes, &one, MemoryLayout.size(ofValue: one))
    }

    /// Returns when there was something to do, and is done as far as sockets go; at the latest when it is time for
    /// ``runTimer(now:)``, or `deadline`.
    func wait(until deadline: Int64?, now: Int64) {
        let end = min(timer ?? .max, deadline ?? .max)
        let milliseconds = end == .max ? -1 : Int32(clamping: max(0, end - now))
        let count = epoll_wait(epoll, ready.baseAddress, Int32(ready.count), milliseconds)
        for index in 0..<Int(max(0, count)) { handle(ready[index]) }
    }

    /// Lets libcurl do what it is time for; that includes the beginning of transfers.
    func runTimer(now: Int64) {
        guard let timer, timer <= now else { return }
        // libcurl names the next.
        self.timer = nil
        var running: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    private func handle(_ event: epoll_event) {
        let socket = event.data.fd
        guard socket != wakes else {
            var count: UInt64 = 0
            _ = read(wakes, &count, MemoryLayout.size(ofValue: count))
            return
        }
        // Of a connection that is kept: most likely its end, which libcurl finds when it looks for one to use.
        guard watches.isWanted(socket) else { return tell(watches.unwanted(socket), socket) }
        var what: Int32 = 0
        if event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { what |= CURL_CSELECT_IN }
        if event.events & EPOLLOUT.rawValue != 0 { what |= CURL_CSELECT_OUT }
        if event.events & EPOLLERR.rawValue != 0 { what |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, what, &running)
    }

    // MARK: Called by libcurl

    private static func of(_ context: UnsafeMutableRawPointer?) -> SocketPoll {
        Unmanaged<SocketPoll>.fromOpaque(context!).takeUnretainedValue()
    }

    private func libcurlWants(_ what: Int32, of socket: Int32) {
        var wanted: UInt32 = 0
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { wanted |= EPOLLIN.rawValue }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { wanted |= EPOLLOUT.rawValue }
        tell(watches.wants(wanted, of: socket), socket)
    }

    // MARK: epoll

    private func tell(_ change: SocketWatches.Change?, _ socket: Int32) {
        switch change {
        case .add(let events): control(EPOLL_CTL_ADD, socket, events)
        case .modify(let events): control(EPOLL_CTL_MOD, socket, events)
        case .remove: control(EPOLL_CTL_DEL, socket, 0)
        case nil: break
        }
    }

    private func control(_ operation: Int32, _ socket: Int32, _ events: UInt32) {
        var event = epoll_event(events: events, data: epoll_data_t(fd: socket))
        let code = epoll_ctl(epoll, operation, socket, &event)
        assert(code == 0, "epoll_ctl: \(errno)")
    }
}
