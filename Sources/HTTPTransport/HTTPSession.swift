internal import SMSModel
internal import Synchronization

/// How a session treats its requests. Times are milliseconds.
package struct HTTPSessionOptions: Hashable, Sendable {
    /// For name, connection and TLS.
    package var connectTimeout: Int64 = Limits.httpConnectMilliseconds
    /// From a request's submission to its whole answer, waiting for a connection included.
    package var timeout: Int64 = Limits.httpRequestMilliseconds
    /// This many requests are under way at once, each on a connection of its own; the others wait.
    package var connections = Limits.httpConnections
    /// More that wait are refused.
    package var waiting = Limits.httpRequestsWaiting
    /// The most bytes of a body that are read.
    package var responseBytes = Limits.httpResponseBytes
    /// Which headers of answers are kept, in lower case.
    package var responseHeaders: [String] = []
    /// PEM: whom to trust, instead of those the system trusts.
    package var caFile: String?
    /// The URL of a proxy. None is taken from the environment.
    package var proxy: String?

    package init() {}
}

/// Where a session reports to.
package protocol HTTPCompletionHandler: AnyObject, Sendable {
    /// Called on the client's thread, which does nothing else in the meantime: it must not block.
    func completed(_ completions: [HTTPCompletion])
}

/// One user's requests, mostly to one server: every one that is submitted ends by one completion, in any order, unless
/// the session is closed before. Any thread may call.
package final class HTTPSession: Sendable {
    package let options: HTTPSessionOptions
    private let client: HTTPClient
    private let handler: Mutex<(any HTTPCompletionHandler)?>
    /// Held while the handler is called, so that ``close()`` can wait for it.
    private let delivery = Mutex(())
    /// For the client's thread alone.
    let queue: SessionQueue

    init(_ options: HTTPSessionOptions, client: HTTPClient, handler: any HTTPCompletionHandler) {
        self.options = options
        self.client = client
        self.handler = Mutex(handler)
        queue = SessionQueue(options)
    }

    /// Takes a burst; never blocks and never calls back before it returns.
    package func submit(_ requests: any HTTPRequestSource) {
        guard requests.count > 0 else { return }
        client.post(.submit(self, requests))
    }

    package func submit(_ requests: [HTTPRequest]) { submit(BuiltRequests(requests: requests)) }

    /// Ends a request if it is there still: as `notSent` if nothing of it was sent yet, else as `unknown`.
    package func cancel(_ id: HTTPRequestID) {
        client.post(.cancel(self, id))
    }

    /// Cancels what has not been sent, now and from now on; what is under way is completed.
    package func drain() {
        client.post(.drain(self))
    }

    /// Drops everything. After it returns there are no completions, unless it was called by the handler itself: then
    /// after that.
    package func close() {
        handler.withLock { $0 = nil }
        if !client.isCurrentThread { delivery.withLock { _ in } }
        client.post(.close(self))
    }

    func deliver(_ completions: [HTTPCompletion]) {
        delivery.withLock { _ in
            handler.withLock { $0 }?.completed(completions)
        }
    }
}
