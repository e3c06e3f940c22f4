package import NIOCore
package import RPCWire
package import SMSModel
package import TLS

/// How a client connects.
package struct RPCClientOptions: Sendable {
    package var userAgent: String
    /// An API key; empty = none.
    package var credential: String
    /// For an address of TLS, made for its host.
    package var tls: TLSContext?
    package var maximumFrameBytes = Limits.frameBytes
    /// For the socket's connection, and for what follows until the server's HELLO is there, each.
    package var connectTimeout = TimeAmount.seconds(Int64(Limits.handshakeSeconds))
    /// After so long without a byte from the server it is asked for a sign of life.
    package var keepalive = TimeAmount.seconds(Int64(Limits.keepaliveSeconds))
    /// The same while calls wait for answers.
    package var busyKeepalive = TimeAmount.seconds(Int64(Limits.keepaliveSeconds))
    package var keepaliveTimeout = TimeAmount.seconds(Int64(Limits.keepaliveTimeoutSeconds))
    /// How often time-outs are looked at, which is also their resolution.
    package var sweepInterval = TimeAmount.milliseconds(20)

    package init(userAgent: String, credential: String = "") {
        self.userAgent = userAgent
        self.credential = credential
    }
}

/// How a call ended.
package enum RPCReply {
    /// OK: the message's bytes and an arena to decode them with, both borrowed for the completion's time.
    case message(UnsafeRawBufferPointer, MessageArena)
    /// The server said no.
    case refused(GatewayError)
    /// No answer came.
    case lost(RPCLoss)

    /// The answer as a message.
    ///
    /// - Throws: the server's refusal; UNAVAILABLE, CANCELLED or DEADLINE_EXCEEDED for a lost call; INTERNAL if
    ///   the answer can't be decoded.
    package func decode<Message: WireMessage>(_ type: Message.Type) throws(GatewayError) -> Message {
        switch self {
        case .message(let payload, let arena):
            do throws(GatewayError) {
                return try Message(decoding: payload, arena: arena)
            } catch {
                throw GatewayError(.internal, "the server's answer can't be read: \(error.message)")
            }
        case .refused(let error): throw error
        case .lost(let loss): throw loss.error
        }
    }
}

/// Why a call or a connection has no answer.
package struct RPCLoss: Error, Hashable, Sendable {
    /// UNAVAILABLE, CANCELLED or DEADLINE_EXCEEDED; of a refused connection, the server's status.
    package var code: StatusCode
    package var reason: String
    /// The server surely did nothing: safe to repeat elsewhere.
    package var notProcessed: Bool

    package init(_ code: StatusCode, _ reason: String, notProcessed: Bool) {
        self.code = code
        self.reason = reason
        self.notProcessed = notProcessed
    }

    package var error: GatewayError { GatewayError(code, reason, notProcessed: notProcessed) }
}
