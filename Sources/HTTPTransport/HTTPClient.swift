internal import Synchronization
internal import Threading

/// Outgoing HTTP/1.1, by libcurl on one thread.
///
/// Connections are kept and used again. No request is sent twice, whatever happens to its connection, and no redirect
/// is followed. ``HTTPResult`` says whether the server may have acted on a request that came to nothing.
package final class HTTPClient: Sendable {
    enum Command {
        case submit(HTTPSession, any HTTPRequestSource)
        case cancel(HTTPSession, HTTPRequestID)
        case drain(HTTPSession)
        case close(HTTPSession)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false

        mutating func take() -> [Command]? {
            defer { commands.removeAll(keepingCapacity: true) }
            return isStopped ? nil : commands
        }
    }

    private let thread = WorkerThread(name: "apus-http")
    private let inbox = Mutex(Inbox())
    private let loop: TransferLoop

    /// Begins at once; ends by ``stop()`` only.
    package init() {
        loop = TransferLoop()
        thread.start { [self] in
            loop.run { inbox.withLock { $0.take() } }
            return nil
        }
    }

    package func session(_ options: HTTPSessionOptions, handler: any HTTPCompletionHandler) -> HTTPSession {
        HTTPSession(options, client: self, handler: handler)
    }

    /// Ends at once: what is under way is dropped, and after it returns there are no completions.
    package func stop() {
        inbox.withLock { inbox in
            inbox.isStopped = true
            inbox.commands.removeAll()
            loop.wake()
        }
        thread.stop()
    }

    var isCurrentThread: Bool { loop.isCurrentThread }

    /// One wake for all that comes before the thread has looked.
    func post(_ command: Command) {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return }
            inbox.commands.append(command)
            if inbox.commands.count == 1 { loop.wake() }
        }
    }
}
