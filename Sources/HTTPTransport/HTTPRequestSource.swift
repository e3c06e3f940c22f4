/// A burst of requests, each of which is built when its turn comes to be sent: on the client's thread, not the caller's,
/// so that those who decide what is sent do nothing else.
package protocol HTTPRequestSource: Sendable {
    var count: Int { get }

    /// What the caller knows a request by, before it is built.
    func id(at index: Int) -> HTTPRequestID

    /// Builds a request. Called at most once for each, in any order; it must not block.
    /// - Returns: a request of that id.
    func request(at index: Int) -> HTTPRequest
}

/// Requests that are there already.
struct BuiltRequests: HTTPRequestSource {
    let requests: [HTTPRequest]

    var count: Int { requests.count }
    func id(at index: Int) -> HTTPRequestID { requests[index].id }
    func request(at index: Int) -> HTTPRequest { requests[index] }
}
