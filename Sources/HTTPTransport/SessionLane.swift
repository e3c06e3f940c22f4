internal import DequeModule

/// A session's requests, in the client's thread: those that wait and those under way.
///
/// Sendable unchecked: all is touched by that thread alone.
final class SessionLane: @unchecked Sendable {
    struct Waiting {
        var request: HTTPRequest
        /// Milliseconds of the client's clock. They rise along the queue.
        var deadline: Int64
    }

    let options: HTTPSessionOptions
    var waiting = Deque<Waiting>()
    var active: [ObjectIdentifier: Transfer] = [:]
    /// Handles that have been used and are free again.
    var idle: [Transfer] = []
    /// Not yet delivered.
    var ended: [HTTPCompletion] = []
    var isDraining = false
    var isClosed = false

    init(_ options: HTTPSessionOptions) {
        self.options = options
    }

    var hasNothing: Bool { waiting.isEmpty && active.isEmpty && ended.isEmpty }
    var canStart: Bool { !waiting.isEmpty && active.count < options.connections }

    func submitted(_ requests: [HTTPRequest], now: Int64) {
        for request in requests {
            if isDraining {
                end(request.id, .notSent(HTTPFailure(.canceled)))
            } else if waiting.count >= options.waiting {
                end(request.id, .notSent(HTTPFailure(.tooManyWaiting)))
            } else {
                waiting.append(Waiting(request: request, deadline: now + options.timeout))
            }
        }
    }

    func end(_ id: HTTPRequestID, _ result: HTTPResult) {
        ended.append(HTTPCompletion(id: id, result: result))
    }

    /// Ends those that waited for too long.
    func expire(now: Int64) {
        while let first = waiting.first, first.deadline <= now {
            waiting.removeFirst()
            end(first.request.id, .notSent(HTTPFailure(.timedOut, "no connection was free")))
        }
    }

    func cancelWaiting(where isMeant: (HTTPRequestID) -> Bool) {
        waiting.removeAll { waiting in
            guard isMeant(waiting.request.id) else { return false }
            end(waiting.request.id, .notSent(HTTPFailure(.canceled)))
            return true
        }
    }
}
