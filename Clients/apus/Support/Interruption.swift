internal import Glibc
internal import Synchronization
internal import UnixSignals

/// Ctrl-C, where a command has something to say before it ends.
enum Interruption {
    private struct State {
        var cancel: (@Sendable () -> Void)?
        var isInterrupted = false
    }

    private static let state = Mutex(State())

    /// Whether Ctrl-C has ended the command.
    static var isInterrupted: Bool { state.withLock(\.isInterrupted) }

    /// Runs a command so that Ctrl-C can cancel it.
    static func cancellable(_ command: @escaping @Sendable () async -> Int32) async -> Int32 {
        let task = Task { await command() }
        state.withLock { $0.cancel = { task.cancel() } }
        return await task.value
    }

    /// From now on Ctrl-C cancels the command; a second one ends it at once.
    ///
    /// - Returns: the watch; when it is cancelled, Ctrl-C ends the command at once again.
    static func watch() -> Task<Void, Never> {
        Task.detached {
            for await _ in await UnixSignalsSequence(trapping: .sigint) {
                state.withLock { state in
                    state.isInterrupted = true
                    state.cancel?()
                }
                break
            }
            signal(SIGINT, SIG_DFL)
        }
    }

    /// Ends the process as Ctrl-C does, so that a shell's script ends too.
    static func end() -> Never {
        signal(SIGINT, SIG_DFL)
        // To the process, since this thread may not take signals; whichever thread does, does so at once.
        kill(getpid(), SIGINT)
        sleep(1)
        exit(128 + SIGINT)
    }
}
