import SMSModel
import Testing

/// Bounds that only make sense together.
@Suite struct LimitsTests {
    @Test func frames() {
        #expect(Limits.metadataBytes < Limits.minimumFrameBytes)
        #expect(Limits.helloBytes <= Limits.minimumFrameBytes)
        #expect(Limits.minimumFrameBytes <= Limits.frameBytes)
        #expect(Limits.metadataBytes <= Int(UInt16.max))
        #expect(Limits.frameBytes <= Int(UInt32.max))
        #expect(Limits.decodeArenaBytes >= Limits.frameBytes)
        #expect(Limits.outputBytesPerConnection < Limits.outputCeilingBytesPerConnection)
        #expect(Limits.outputCeilingBytesPerConnection >= Limits.frameBytes)
        #expect(
            Limits.credentialBytes + Limits.idempotencyKeyBytes + Limits.requestIDBytes + Limits.traceparentBytes
                < Limits.metadataBytes)
        #expect(Limits.credentialBytes + Limits.userAgentBytes < Limits.helloBytes)
        #expect(Limits.keepaliveTimeoutSeconds < Limits.keepaliveSeconds)
        // Strangers are few, and one address leaves room to others.
        #expect(Limits.connectionsWithoutCredential * 8 <= Limits.connections)
        #expect(Limits.connectionsWithoutCredentialOfAddress * 4 <= Limits.connectionsWithoutCredential)
        #expect(Limits.unixConnections + Limits.connectionsTold < Limits.connections)
        #expect(Limits.tlsHandshakeSeconds <= Limits.handshakeSeconds + Limits.credentialSeconds)
        #expect(Limits.lingerSeconds < Limits.handshakeSeconds)
        // The HELLO's time includes the TLS handshake's; a HELLO may be written before that is done.
        #expect(Limits.tlsHandshakeSeconds <= Limits.handshakeSeconds)
        #expect(Limits.helloBytes + Limits.frameHeaderBytes <= Limits.tlsPendingBytes)
    }

    @Test func answersFitTheSmallestFrame() {
        // Ids are at most 9 bytes as varints, 8 as fixed ones, and two bytes of key and length besides.
        #expect(Limits.bulkMessages * 9 + 1024 <= Limits.minimumFrameBytes)
        #expect(Limits.cancelIDs * 32 <= Limits.minimumFrameBytes)
        // With the longest reason why it was not done.
        #expect(Limits.unknownIDs * 96 <= Limits.minimumFrameBytes)
    }

    @Test func aMessage() {
        // The largest body fits a request, and its segments their byte.
        #expect(Limits.bodyScalars * 4 + Limits.tags * (Limits.tagBytes + 4) + 1024 < Limits.minimumFrameBytes)
        #expect((Limits.bodyScalars * 2 + 66) / 67 <= Limits.segments)
        #expect(Limits.segments <= Int(UInt8.max))
        #expect(Limits.tagBytes <= Int(UInt8.max))
        #expect(Limits.validityMinimumMilliseconds <= Limits.validityDefaultMilliseconds)
        #expect(Limits.validityDefaultMilliseconds <= Limits.validityMaximumMilliseconds)
        #expect(Limits.sendAtAheadMilliseconds + Int64(Limits.validityMaximumMilliseconds) < 1 << 41)
        #expect(Limits.receiptDeadlineMilliseconds > 0)
        #expect(Limits.idempotencyWindowMilliseconds > 0)
    }

    @Test func batches() {
        #expect(Limits.batchIndex + UInt64(Limits.bulkMessages) < 1 << 62)
        #expect(Limits.statusIDsWithTimeline <= Limits.statusIDs)
        // The largest call that a template can make of the longest body fits into a tenant's part of what waits.
        #expect(Limits.bulkMessages * (Limits.bodyScalars * 4 + 1024) <= Limits.waitingBytes / 4)
        #expect(Limits.violationsPerRefusal > 0)
    }

    @Test func web() {
        #expect(Limits.webhooksInFlight <= Limits.webConnections)
        #expect(Limits.webhooksInFlight * Limits.webhookBodyBytes <= Limits.webBodyBytes)
        // One address leaves room to others, for connections and for whole webhooks.
        #expect(Limits.webConnectionsPerAddress * 2 <= Limits.webhooksInFlight)
        // The largest body fits into a step at the least rate.
        #expect(
            Limits.webBodySeconds + Limits.webhookBodyBytes / Limits.webBodyBytesPerSecond <= Limits.webStepSeconds)
        #expect(Limits.signingCertificateBytes <= Limits.httpResponseBytes)
        #expect(Limits.snsFetches <= Limits.snsFetchesWaiting)
        // What is posted again within the tolerance is known, unless it was configured otherwise.
        #expect(Limits.webhookToleranceSeconds <= Int64(Limits.retentionRecordDaysMinimum) * 86_400)
        #expect(Limits.webhookToleranceSeconds <= Limits.webhookToleranceSecondsMaximum)
        #expect(Limits.webhookAheadSeconds <= Limits.webhookToleranceSeconds)
        #expect(Limits.receiptLookUpMilliseconds < Limits.receiptDeadlineMilliseconds)
        #expect(Limits.receiptLookUpsUnderWay <= Limits.lookUpsUnderWay)
    }

    @Test func listings() {
        #expect(Limits.listMessagesDefault <= Limits.listMessages)
        #expect(Limits.listMessages <= Limits.listRowsExamined)
        // A page of what is looked for in lives is never empty for that alone.
        #expect(Limits.listMessages * Limits.listRowsOfLife <= Limits.listRowsExamined)
        #expect(Limits.listBatchesDefault <= Limits.listBatches && Limits.listBatches <= Limits.listRowsExamined)
        #expect(ListCursor(last: MessageID(rawValue: .max >> 1)).bytes.count <= Limits.cursorBytes)
        let id = String(repeating: "k", count: Limits.keyIDCharacters)
        #expect(KeyCursor(createdAt: .max, id: id).bytes.count <= Limits.cursorBytes)
        #expect(Limits.providerIDBytes == History.detailBytes)
    }

    @Test func times() {
        #expect(Limits.clockHoldMilliseconds < Limits.clockJumpMilliseconds)
        #expect(Limits.clockJumpMilliseconds < Limits.idempotencyWindowMilliseconds)
        // Retention looks at the clock every hour.
        #expect(Limits.retentionLookMilliseconds > 3_600_000)
        #expect(Limits.retentionLookMilliseconds < Limits.retentionDoubtMilliseconds)
        // What is kept for the fewest days isn't reached by a clock that is believed at once.
        #expect(Limits.retentionDoubtMilliseconds < Limits.retentionLeapMilliseconds)
        #expect(Limits.tenantWeight >= 1)
        #expect(Limits.normalHandOffsPerBulk >= 1)
    }

    @Test func configuration() {
        // A tenant with all that it may have fits a frame, the lists of texts being the smaller part.
        let issuers = Limits.issuersPerTenant * Limits.keysPerIssuer * (Limits.publicKeyBytes + Limits.issuerKeyIDBytes)
        let lists =
            (Limits.listedSenders + 2 * Limits.listedDestinations) * 32
            + Limits.certificatesPerTenant * Limits.certificateNameBytes * 2
        #expect(2 * issuers + lists < Limits.frameBytes)
        // Money and counts stay far from the ends of their types, whatever is added to them.
        #expect(Limits.quotaCostPerMonth < .max / 1000)
        #expect(Limits.quotaSegmentsPerDay < .max / 1000)
        #expect(Limits.issuerSecretMinimumBytes <= Limits.issuerSecretMaximumBytes)
        #expect(Limits.tenants < Int(Int32.max))
        #expect(1...Limits.providerInFlight ~= Limits.providerInFlightDefault)
        #expect(0...Limits.routeOrder ~= Limits.routeOrderDefault)
        #expect(Limits.routeProviders <= Limits.providers)
        #expect(Limits.providers * Limits.providerSecrets * Limits.providerSecretBytes * 2 < 2 * Limits.frameBytes + 1)
    }
}
