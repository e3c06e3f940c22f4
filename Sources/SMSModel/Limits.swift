/// Every bound of the gateway, with its unit in the name. Relations between them are asserted by a test.
package enum Limits {
    // MARK: Frames and connections
    package static let frameHeaderBytes = 16
    /// Metadata and payload of one frame, unless a smaller bound was negotiated.
    package static let frameBytes = 4 * 1024 * 1024
    package static let metadataBytes = 16 * 1024
    package static let helloBytes = 16 * 1024
    /// The smallest frame bound that a client may ask for.
    package static let minimumFrameBytes = 16 * 1024
    package static let userAgentBytes = 256
    package static let credentialBytes = 8 * 1024
    package static let requestIDBytes = 64
    package static let traceparentBytes = 64
    package static let callsInFlightPerConnection = 1024
    package static let streamsInFlightPerConnection = 64
    /// Answers not yet taken by the peer; reading pauses above it.
    package static let outputBytesPerConnection = 1024 * 1024
    /// Memory that decoding one burst of a connection may take beside its frames.
    package static let decodeArenaBytes = 32 * 1024 * 1024
    package static let handshakeSeconds = 10
    package static let keepaliveSeconds = 60
    /// Without a byte from the peer, after a PING, the connection is closed.
    package static let keepaliveTimeoutSeconds = 20

    // MARK: A message
    package static let bodyScalars = 1600
    package static let phoneNumberDigits = 15
    package static let alphanumericSenderCharacters = 11
    package static let idempotencyKeyBytes = 64
    package static let referenceBytes = 64
    package static let tags = 16
    package static let tagBytes = 64
    package static let segments = 255
    package static let sendAtAheadMilliseconds: Int64 = 35 * 24 * 3_600_000
    package static let validityMinimumMilliseconds: UInt64 = 1000
    package static let validityMaximumMilliseconds: UInt64 = 7 * 24 * 3_600_000
    package static let validityDefaultMilliseconds: UInt64 = 24 * 3_600_000
    package static let idempotencyWindowMilliseconds: Int64 = 24 * 3_600_000
    package static let receiptDeadlineMilliseconds: Int64 = 72 * 3_600_000

    // MARK: Calls
    package static let bulkMessages = 10_000
    package static let batchNameBytes = 64
    package static let batchIndex: UInt64 = 1 << 40
    package static let templateVariables = 64
    package static let statusIDs = 1000
    package static let statusIDsWithTimeline = 100
    package static let cancelIDs = 1000
    package static let violationsPerRefusal = 32
    package static let sandboxRecords = 1000
}
