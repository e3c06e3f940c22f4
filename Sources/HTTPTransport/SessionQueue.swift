internal import DequeModule

/// A session's requests, in the client's thread: those that wait and those under way.
///
/// Sendable unchecked: all is touched by that thread alone.
final class SessionQueue: @unchecked Sendable {
    struct Waiting {
        var id: HTTPRequestID
        let source: any HTTPRequestSource
        let index: Int
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

    func submitted(_ requests: any HTTPRequestSource, now: Int64) {
        for index in 0..<requests.count {
            let id = requests.id(at: index)
            if isDraining {
                end(id, .notSent(HTTPFailure(.canceled)))
            } else if waiting.count >= options.waiting {
                end(id, .notSent(HTTPFailure(.tooManyWaiting)))
            } else {
                waiting.append(Waiting(id: id, source: requests, index: index, deadline: now + options.timeout))
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
            end(first.id, .notSent(HTTPFailure(.timedOut, "no connection was free")))
        }
    }

    func cancelWaiting(where isMeant: (HTTPRequestID) -> Bool) {
        waiting.removeAll { waiting in
            guard isMeant(waiting.id) else { return false }
            end(waiting.id, .notSent(HTTPFailure(.canceled)))
            return true
        }
    }
}
