internal import CApusProto
package import SMSModel

/// The client's HELLO.
package struct ClientHello: WireMessage, Hashable, Sendable {
    package static let wireName = "ClientHello"

    package var versions: [UInt32]
    package var userAgent: String
    /// An API key; empty = none, and each request brings its own.
    package var credential: String
    /// The largest frame that the client takes; 0 = ``Limits/frameBytes``.
    package var maximumFrameBytes: UInt32

    package init(
        versions: [UInt32] = [ServerHello.version], userAgent: String = "", credential: String = "",
        maximumFrameBytes: UInt32 = 0
    ) {
        self.versions = versions
        self.userAgent = userAgent
        self.credential = credential
        self.maximumFrameBytes = maximumFrameBytes
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__client_hello__unpack).pointee
        var check = TextChecker()
        versions = Array(UnsafeBufferPointer(start: c.versions, count: c.n_versions))
        userAgent = check.string(c.user_agent, "user_agent")
        credential = check.string(c.credential, "credential")
        maximumFrameBytes = c.max_frame_bytes
        check.atMost(Limits.userAgentBytes, UnsafeRawBufferPointer(c.user_agent), "user_agent")
        check.atMost(Limits.credentialBytes, UnsafeRawBufferPointer(c.credential), "credential")
        if maximumFrameBytes != 0, maximumFrameBytes < Limits.minimumFrameBytes {
            check.record("max_frame_bytes", "is below \(Limits.minimumFrameBytes)")
        }
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__client_hello__init)
        c.pointee.n_versions = versions.count
        c.pointee.versions = scratch.numbers(versions)
        c.pointee.user_agent = scratch.text(userAgent)
        c.pointee.credential = scratch.text(credential)
        c.pointee.max_frame_bytes = maximumFrameBytes
        output.pack(c)
    }
}

/// The server's HELLO: what was chosen, and the bounds that hold on this connection.
package struct ServerHello: WireMessage, Hashable, Sendable {
    package static let wireName = "ServerHello"
    /// The protocol version that is spoken here.
    package static let version: UInt32 = 1

    package var version: UInt32
    package var serverID: String
    package var serverAgent: String
    /// The largest frame that either side may send.
    package var maximumFrameBytes: UInt32
    package var maximumCallsInFlight: UInt32
    package var maximumStreamsInFlight: UInt32
    package var keepaliveMilliseconds: UInt32

    package init(
        version: UInt32 = ServerHello.version, serverID: String, serverAgent: String,
        maximumFrameBytes: UInt32 = UInt32(Limits.frameBytes),
        maximumCallsInFlight: UInt32 = UInt32(Limits.callsInFlightPerConnection),
        maximumStreamsInFlight: UInt32 = UInt32(Limits.streamsInFlightPerConnection),
        keepaliveMilliseconds: UInt32 = UInt32(Limits.keepaliveSeconds * 1000)
    ) {
        self.version = version
        self.serverID = serverID
        self.serverAgent = serverAgent
        self.maximumFrameBytes = maximumFrameBytes
        self.maximumCallsInFlight = maximumCallsInFlight
        self.maximumStreamsInFlight = maximumStreamsInFlight
        self.keepaliveMilliseconds = keepaliveMilliseconds
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__server_hello__unpack).pointee
        var check = TextChecker()
        version = c.version
        serverID = check.string(c.server_id, "server_id")
        serverAgent = check.string(c.server_agent, "server_agent")
        maximumFrameBytes = c.max_frame_bytes
        maximumCallsInFlight = c.max_calls_in_flight
        maximumStreamsInFlight = c.max_streams_in_flight
        keepaliveMilliseconds = c.keepalive_ms
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__server_hello__init)
        c.pointee.version = version
        c.pointee.server_id = scratch.text(serverID)
        c.pointee.server_agent = scratch.text(serverAgent)
        c.pointee.max_frame_bytes = maximumFrameBytes
        c.pointee.max_calls_in_flight = maximumCallsInFlight
        c.pointee.max_streams_in_flight = maximumStreamsInFlight
        c.pointee.keepalive_ms = keepaliveMilliseconds
        output.pack(c)
    }
}

/// The sender takes no more calls, and why.
package struct GoAway: WireMessage, Hashable, Sendable {
    package static let wireName = "GoAway"

    /// The number of a ``StatusCode``; 0 = a planned shutdown, and calls in flight are still answered.
    package var status: UInt32
    package var message: String
    /// The last call that was taken; those above it are surely not processed.
    package var lastCallID: UInt32

    package init(status: StatusCode, message: String, lastCallID: UInt32) {
        self.status = UInt32(status.rawValue)
        self.message = message
        self.lastCallID = lastCallID
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__go_away__unpack).pointee
        status = c.status
        message = String(lenient: c.message)
        lastCallID = c.last_call_id
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__go_away__init)
        c.pointee.status = status
        c.pointee.message = scratch.text(message)
        c.pointee.last_call_id = lastCallID
        output.pack(c)
    }
}

/// Allows a stream that many more items.
package struct Credit: WireMessage, Hashable, Sendable {
    package static let wireName = "Credit"
    package var count: UInt32

    package init(count: UInt32) {
        self.count = count
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        count = try arena.unpack(payload, as: Self.wireName, apus__v1__credit__unpack).pointee.count
    }

    package func encode(into output: OutputBuffer) {
        var c = Apus__V1__Credit()
        apus__v1__credit__init(&c)
        c.count = count
        output.pack(&c)
    }
}
