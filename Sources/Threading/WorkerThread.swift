internal import Glibc

/// A thread that runs turns: when woken, and when the turn before said that something is due.
///
/// For parts that work by the burst and must not share a pool with others. Lost wakes are impossible:
/// a wake during a turn starts another one.
package final class WorkerThread: @unchecked Sendable {
    // Sendable by hand: `mutex` guards `woken`, `stopping` and `handle`; the condition lives as long as self.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var woken = false
    private var stopping = false
    private var handle: pthread_t?
    private let name: String
    private var turn: (@Sendable () -> Int64?)?

    /// - Parameter name: shown by `top -H`; at most 15 bytes are.
    package init(name: String) {
        self.name = name
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// - Parameter turn: returns the milliseconds until the next turn is due, from 0; nil = only when woken.
    package func start(_ turn: @escaping @Sendable () -> Int64?) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        precondition(handle == nil, "a worker thread starts once")
        self.turn = turn
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                let worker = Unmanaged<WorkerThread>.fromOpaque(argument!).takeRetainedValue()
                worker.run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(code == 0, "the system gives no thread: \(code)")
        handle = thread
    }

    /// Asks for a turn. Any thread, cheap when one is due already.
    package func wake() {
        pthread_mutex_lock(mutex)
        let signal = !woken
        woken = true
        pthread_mutex_unlock(mutex)
        if signal { pthread_cond_signal(condition) }
    }

    /// Ends after the turn under way, and waits for that unless called from the thread itself.
    package func stop() {
        pthread_mutex_lock(mutex)
        stopping = true
        let thread = handle
        handle = nil
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
        if let thread, pthread_equal(thread, pthread_self()) == 0 { pthread_join(thread, nil) }
    }

    private func run() {
        nameThread()
        var wait: Int64? = 0
        while waitForTurn(wait) {
            wait = turn?()
        }
        // What the turns are made of may hold this thread in turn.
        turn = nil
    }

    /// Names the thread through /proc, since Swift imports neither of the calls for it.
    private func nameThread() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = Array(name.utf8.prefix(15)).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    /// - Returns: false once stopped.
    private func waitForTurn(_ milliseconds: Int64?) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var deadline: timespec?
        if let milliseconds {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            let nanoseconds = now.tv_nsec + Int(milliseconds % 1000) * 1_000_000
            deadline = timespec(
                tv_sec: now.tv_sec + Int(milliseconds / 1000) + nanoseconds / 1_000_000_000,
                tv_nsec: nanoseconds % 1_000_000_000)
        }
        while !woken && !stopping {
            if deadline != nil {
                if pthread_cond_timedwait(condition, mutex, &deadline!) == ETIMEDOUT { break }
            } else {
                pthread_cond_wait(condition, mutex)
            }
        }
        woken = false
        return !stopping
    }
}
