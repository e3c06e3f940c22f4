internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel

/// One call of the client, over all its tries.
///
/// Sendable unchecked: tasks only carry the reference; all state is touched on the ``ConnectionKeeper``'s event loop.
final class PendingCall: @unchecked Sendable {
    enum State {
        case new
        /// For a connection, or for room on it.
        case waiting(deadline: Scheduled<Void>)
        case inFlight(RPCClientConnection, callID: UInt32)
        /// Until the next try.
        case resting(Scheduled<Void>)
        case done
    }

    typealias Begin = (RPCClientConnection, _ attempt: UInt32, TimeAmount, @escaping (RPCReply) -> Void) -> UInt32

    let deadline: NIODeadline
    /// A second run has no effect that the first had not.
    let isRepeatable: Bool
    var state = State.new
    var failures = 0
    /// The credential was asked for once more, because the gateway did not take it.
    var askedAgain = false
    /// A try was lost after it may have reached the gateway.
    var mayBeProcessed = false
    private let beginTry: Begin
    private let finish: (RPCReply) -> Void

    /// - Parameters:
    ///   - begin: starts one try on a connection and returns the call's id there.
    ///   - finish: gets the outcome, once.
    init(deadline: NIODeadline, isRepeatable: Bool, begin: @escaping Begin, finish: @escaping (RPCReply) -> Void) {
        self.deadline = deadline
        self.isRepeatable = isRepeatable
        beginTry = begin
        self.finish = finish
    }

    var isDone: Bool { if case .done = state { true } else { false } }

    func begin(on connection: RPCClientConnection, completion: @escaping (RPCReply) -> Void) -> UInt32 {
        beginTry(connection, UInt32(clamping: failures), deadline - .now(), completion)
    }

    func end(_ reply: RPCReply) {
        switch state {
        case .waiting(let timer), .resting(let timer): timer.cancel()
        case .done: return
        case .new, .inFlight: break
        }
        state = .done
        finish(reply)
    }

    func fail(_ error: GatewayError) {
        var error = error
        if mayBeProcessed { error.notProcessed = false }
        end(.refused(error))
    }
}
