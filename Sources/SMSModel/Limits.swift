/// Every bound of the gateway, with its unit in the name. Relations between them are asserted by a test.
package enum Limits {
    // MARK: Frames and connections
    package static let frameHeaderBytes = 16
    /// Metadata and payload of one frame, unless a smaller bound was negotiated.
    package static let frameBytes = 4 * 1024 * 1024
    package static let metadataBytes = 16 * 1024
    package static let helloBytes = 16 * 1024
    /// The smallest frame bound that a client may ask for: the ids of a full Bulk's answer fit in it.
    package static let minimumFrameBytes = 128 * 1024
    package static let userAgentBytes = 256
    package static let credentialBytes = 8 * 1024
    package static let requestIDBytes = 64
    package static let traceparentBytes = 64
    package static let callsInFlightPerConnection = 1024
    package static let streamsInFlightPerConnection = 64
    /// Answers not yet taken by the peer; reading pauses above it.
    package static let outputBytesPerConnection = 1024 * 1024
    /// Late answers may pass that bound; a connection whose peer leaves that many untaken is closed.
    package static let outputCeilingBytesPerConnection = 32 * 1024 * 1024
    /// Memory that decoding one frame may take besides the frame.
    package static let decodeArenaBytes = 16 * 1024 * 1024
    package static let connections = 16_384
    /// Further connections of Unix sockets, so that an operator on the machine gets in.
    package static let unixConnections = 32
    /// Connections beyond the bounds, which are told so; still more are closed at once.
    package static let connectionsTold = 64
    /// Connections over the network that have brought no credential yet...
    package static let connectionsWithoutCredential = 2048
    /// ...and those of one address, or of one user of a Unix socket.
    package static let connectionsWithoutCredentialOfAddress = 512
    package static let handshakeSeconds = 10
    /// A connection whose HELLO has no credential brings one with a request within this time after the HELLO's.
    package static let credentialSeconds = 10
    /// Accepting goes on after this where the system had no descriptor or memory for a connection.
    package static let acceptPauseMilliseconds = 100
    package static let keepaliveSeconds = 60
    /// Without a byte from the peer, after a PING, the connection is closed.
    package static let keepaliveTimeoutSeconds = 20
    /// After a GOAWAY that ends a connection, the peer's bytes are read and dropped for so long.
    package static let lingerSeconds = 2
    /// From a connection's beginning to the end of the TLS handshake.
    package static let tlsHandshakeSeconds = 10
    /// What may be written before the TLS handshake is done.
    package static let tlsPendingBytes = 64 * 1024

    // MARK: Outgoing HTTP
    /// Connections of a session, unless configured. 5,000 requests a second at 40 ms each take 200.
    package static let httpConnections = 256
    /// Requests of a session that wait for a connection.
    package static let httpRequestsWaiting = 65_536
    package static let httpConnectMilliseconds: Int64 = 5000
    package static let httpRequestMilliseconds: Int64 = 15_000
    /// What may be configured for either.
    package static let httpTimeoutMilliseconds: ClosedRange<Int64> = 100...120_000
    /// What may be configured of a session.
    package static let httpConnectionsMaximum = 1024
    /// A connection that was not used for so long is not used again: many servers end theirs after 60 s.
    package static let httpIdleConnectionSeconds = 50
    /// Connections kept for later, over all sessions.
    package static let httpIdleConnections = 1024
    package static let httpResponseBytes = 256 * 1024
    /// The longest line of a header that is kept.
    package static let httpResponseHeaderBytes = 1024

    // MARK: Incoming HTTP
    package static let webConnections = 1024
    /// Connections beyond those, which are told so; still more are closed at once.
    package static let webConnectionsRefused = 64
    /// Connections of one address, and requests of one client of a proxy.
    package static let webConnectionsPerAddress = 128
    /// Webhooks under way at once, over all connections: those whose bodies are whole.
    package static let webhooksInFlight = 256
    package static let webhookBodyBytes = 256 * 1024
    /// Bodies that are coming in, or being looked at, all together.
    package static let webBodyBytes = 64 * 1024 * 1024
    /// What a body may take besides what its bytes take at the least rate, which is...
    package static let webBodySeconds = 5
    /// ...this.
    package static let webBodyBytesPerSecond = 16 * 1024
    /// Proxies whose word on their clients is believed.
    package static let webProxies = 64
    /// A request's target, and its headers' names and values together.
    package static let webHeadBytes = 16 * 1024
    package static let webHeaders = 100
    /// A connection that neither brings a whole request nor takes a whole answer for so long is closed.
    package static let webStepSeconds = 30
    /// When a carrier may try again that was told 503.
    package static let webRetryAfterSeconds = 5
    /// The name of a provider in a webhook's path.
    package static let webhookNameBytes = 64

    // MARK: Notifications of AWS SNS
    /// A certificate with those between it and the root.
    package static let signingCertificateBytes = 64 * 1024
    /// Certificates that are remembered...
    package static let snsCertificates = 16
    /// ...for so long.
    package static let snsCertificateMilliseconds: Int64 = 24 * 3_600_000
    /// Fetches of certificates and confirmations at once, and those that wait for them.
    package static let snsFetches = 2
    package static let snsFetchesWaiting = 16
    package static let snsTopics = 100

    // MARK: A message
    package static let bodyScalars = 1600
    package static let phoneNumberDigits = 15
    package static let alphanumericSenderCharacters = 11
    package static let idempotencyKeyBytes = 64
    package static let referenceBytes = 64
    /// What is kept of a provider's id for a message.
    package static let providerIDBytes = 256
    /// What is kept of a provider's own words.
    package static let providerMessageCharacters = 256
    package static let tags = 16
    package static let tagBytes = 64
    package static let segments = 255
    /// What a timeline has of the characters that smart encoding has replaced: its length is one byte.
    package static let smartEncodingDetailBytes = 200
    package static let sendAtAheadMilliseconds: Int64 = 35 * 24 * 3_600_000
    /// A send time may have passed by so much, for clocks that differ and calls that took their time.
    package static let sendAtPastMilliseconds: Int64 = 10 * 60_000
    package static let validityMinimumMilliseconds: UInt64 = 1000
    package static let validityMaximumMilliseconds: UInt64 = 7 * 24 * 3_600_000
    package static let validityDefaultMilliseconds: UInt64 = 24 * 3_600_000
    package static let idempotencyWindowMilliseconds: Int64 = 24 * 3_600_000
    package static let receiptDeadlineMilliseconds: Int64 = 72 * 3_600_000

    // MARK: Logs
    /// Lines that wait for standard error to take them; what comes beyond it is dropped, and counted.
    package static let logBufferBytes = 1024 * 1024
    /// A longer value in a line of the log is cut: above the longest body.
    package static let logValueBytes = 8 * 1024
    /// Failed authentications of one address are told once in this many seconds, and so are refusals of one kind.
    package static let logRepeatSeconds: Int64 = 60
    /// Addresses, or kinds of refusals, that are kept apart for that.
    package static let logRepeatKeys = 4096

    // MARK: Tenants' limits
    /// The largest rate, in messages a second, and the largest burst, in messages.
    package static let messagesPerSecond: UInt32 = 1_000_000
    package static let burstMessages: UInt32 = 1_000_000
    /// The highest price of a segment.
    package static let segmentPrice = Money(millionths: 10_000_000_000)

    // MARK: Health
    /// What waits is counted when it is asked for, and no sooner again than after so long.
    package static let surveyMilliseconds: Int64 = 250
    /// Messages of which a survey reads since when they wait, in all and of each flow.
    package static let surveyedMessages = 256
    package static let surveyedMessagesOfFlow = 16
    /// Messages that wait for a time of which a survey finds out whether they were tried before.
    package static let surveyedDelays = 65_536
    /// A message that was tried before is due again within so long.
    package static let surveyedDelayMilliseconds: Int64 = 3_600_000
    /// Messages of one Status of which it is told why they wait.
    package static let waitReasons = 16
    /// Entries of the audit log in which it is looked for who has paused something.
    package static let pauseAuditEntries = 1000

    /// Less that is free on the disk is worth a look.
    package static let diskWarningBytes: Int64 = 1024 * 1024 * 1024

    // MARK: Scheduling
    /// BULK's starvation bound: while both wait, it gets one hand-off after this many of NORMAL.
    package static let normalHandOffsPerBulk = 4
    /// A tenant's largest share; the smallest is 1.
    package static let tenantWeight = 1000
    /// Senders, by provider, that are remembered as throttled.
    package static let throttledSenders = 4096
    /// Messages of throttled senders that come back into the queue in a round.
    package static let sendersReturned = 256
    /// The wall clock ahead of the monotonic one by more is doubted...
    package static let clockJumpMilliseconds: Int64 = 60_000
    /// ...for so long.
    package static let clockDoubtMilliseconds: Int64 = 60_000
    /// The wall clock behind by no more: time just waits for it.
    package static let clockHoldMilliseconds: Int64 = 1000
    /// The clock ahead of retention's last sweep by more: nothing is deleted...
    package static let retentionLeapMilliseconds: Int64 = 3 * 86_400_000
    /// ...until it has held for so long...
    package static let retentionDoubtMilliseconds: Int64 = 86_400_000
    /// ...of time between looks that are no further apart.
    package static let retentionLookMilliseconds: Int64 = 2 * 3_600_000

    /// Messages that providers are to be asked about, because nobody knows whether they were sent.
    package static let reconciliations = 100_000
    /// Messages that one provider is being asked about at one time.
    package static let lookUpsUnderWay = 4
    /// How long a provider may take to answer such a question; one that it does not is asked again.
    package static let lookUpMilliseconds: Int64 = 180_000
    /// Ids of other messages that such a question names.
    package static let lookUpKnownIDs = 1000
    /// Sent messages whose receipts are awaited, of providers that can be asked for them, and that are not asked about
    /// yet; further ones are not asked about before the next start.
    package static let awaitedReceipts = 200_000
    /// Questions about receipts that a provider is asked at one time: fewer than about messages of which nobody knows
    /// whether they were sent.
    package static let receiptLookUpsUnderWay = 2
    /// When a provider is asked first for a receipt that doesn't come, unless configured, since the message was sent.
    package static let receiptLookUpMilliseconds: Int64 = 600_000

    // MARK: Calls
    /// Checked messages that wait to be stored, over all connections; what comes beyond it is refused. Bulk calls may
    /// take half of it, so that they leave room for the others.
    package static let waitingBytes = 512 * 1024 * 1024
    package static let bulkMessages = 10_000
    /// Variables of all recipients of a Bulk together: decoding it stays within ``decodeArenaBytes``.
    package static let bulkVariables = 64_000
    package static let batchNameBytes = 64
    package static let batchIndex: UInt64 = 1 << 40
    package static let templateVariables = 64
    package static let statusIDs = 1000
    package static let statusIDsWithTimeline = 100
    package static let cancelIDs = 1000
    /// Messages that one call sends again, or says of what became of them.
    package static let unknownIDs = 1000
    /// Messages of a page, and where a listing asks for no number.
    package static let listMessages = 1000
    package static let listMessagesDefault = 100
    /// Messages that one page may examine: some 10 ms.
    package static let listRowsExamined = 20_000
    /// A message whose life has to be read, for its provider or its error, counts as this many of them.
    package static let listRowsOfLife = 10
    /// A sender, a provider or a code of an error that a listing is to have.
    package static let listTextBytes = 128
    /// Batches of a page, and where a listing asks for no number: the counts of each are read.
    package static let listBatches = 100
    package static let listBatchesDefault = 20
    package static let cursorBytes = 64
    package static let violationsPerRefusal = 32
    /// Violations of all items of a Bulk call together; past it a refused item is told in words alone.
    package static let violationsPerBulk = 1024
    /// Items of a dry run of which it is told why they are UCS-2; the others are counted.
    package static let dryRunItems = 1000
    package static let sandboxRecords = 1000

    // MARK: Room in the store
    /// The room that is kept free of new messages: an eighth of what the store may have, and no more than this. What
    /// becomes of the messages that it has, and what carriers post, still finds room then.
    package static let storeReserveBytes: Int64 = 32 * 1024 * 1024

    // MARK: Administration
    /// A key's, and a generation's for the history.
    package static let noteBytes = 256
    /// A document of the dynamic configuration.
    package static let configurationBytes = 1024 * 1024
    package static let configurationKindBytes = 16
    /// The name of a time zone, such as `Europe/Berlin`.
    package static let timeZoneNameBytes = 64
    /// A file of the time zone database: the largest have some 4 KiB.
    package static let timeZoneBytes = 64 * 1024
    /// Objects that are named where a document is refused because it would remove them.
    package static let removalsNamed = 20
    /// Generations of a page, and where the history is asked for no number.
    package static let generations = 1000
    package static let generationsDefault = 20
    /// Keys of a page, and where a listing asks for no number.
    package static let keys = 1000
    package static let keysDefault = 100
    /// Scopes that a request may name.
    package static let keyScopes = 16
    /// A hundred years.
    package static let keyLifetimeMilliseconds: UInt64 = 100 * 366 * 24 * 3_600_000
    /// Entries of a page of the audit log, and where it is asked for no number.
    package static let auditEntries = 1000
    package static let auditEntriesDefault = 100
    /// An administrator's reading of another tenant's messages is entered once in so long...
    package static let readingAuditMilliseconds: Int64 = 60_000
    /// ...as long as no more pairs of key and tenant are remembered; further ones are entered each time.
    package static let readingAudits = 4096

    /// After a new generation of this many tenants or more, memory that was needed to make it is given back...
    package static let memoryReturnTenants = 100
    /// ...so much later.
    package static let memoryReturnSeconds = 2

    // MARK: Receipts
    /// Receipts that match no message yet; beyond it the oldest goes...
    package static let unmatchedReceipts = 10_000
    /// ...and each after so long.
    package static let unmatchedReceiptMilliseconds: Int64 = 600_000
    /// What is kept of an inbound message's body...
    package static let inboundBodyBytes = 16 * 1024
    /// ...and of its sender and recipient each.
    package static let inboundNumberBytes = 64
    /// Before a report that could not be recorded is made again.
    package static let recordAgainMilliseconds: Int64 = 1000
    /// Receipts and inbound messages of one report of a provider.
    package static let reportedEvents = 64
    /// Links to media that came with an inbound message; further ones are left out...
    package static let inboundMedia = 10
    /// ...and so is one that is longer.
    package static let inboundMediaURLBytes = 2048
    package static let inboundMediaTypeBytes = 128
    /// Inbound messages of a page, and where a listing asks for no number.
    package static let inboundMessages = 1000
    package static let inboundMessagesDefault = 100
    /// Parts of one inbound message: as many as the header of a concatenated message can count.
    package static let inboundParts = 255
    package static let inboundReferenceBytes = 64
    /// Parts that wait for others; beyond it those that have waited longest are kept as they are...
    package static let inboundPartsWaiting = 10_000
    /// ...and so are all that have waited so long since the first of their message.
    package static let inboundPartMilliseconds: Int64 = 300_000
    /// How long a part is known again after its message has been put together: carriers repeat for a day.
    package static let inboundPartMemoryMilliseconds: Int64 = 48 * 3_600_000

    // MARK: Opt-outs
    /// Numbers of one call.
    package static let suppressedNumbers = 1000
    /// Numbers on one tenant's list that calls can make it have; people who opt out themselves are always put on it.
    package static let suppressionsOfTenant = 2_000_000
    package static let suppressionReasonBytes = 128
    /// Entries of a page, and where a listing asks for no number.
    package static let suppressions = 1000
    package static let suppressionsDefault = 100
    /// Keywords that a tenant adds for one action, and the bytes of each.
    package static let optOutWords = 50
    package static let optOutWordBytes = 64
    /// A longer inbound message is no keyword.
    package static let optOutBodyBytes = 160
    /// The text that answers a keyword.
    package static let optOutReplyScalars = 480
    /// A person is sent at most one such text by a tenant from a number in this time...
    package static let optOutReplyMilliseconds: Int64 = 24 * 3_600_000
    /// ...and it is given up if it could not be sent for so long.
    package static let optOutReplyValidityMilliseconds: Int64 = 3_600_000
    /// Recipients of whom it is remembered that a carrier refuses them because they have opted out there; beyond it
    /// those are forgotten that were refused longest ago...
    package static let carrierOptOuts = 100_000
    /// ...and each after so long: then the carrier is asked again.
    package static let carrierOptOutMilliseconds: Int64 = 30 * 24 * 3_600_000
    // MARK: Credentials
    /// The characters of a key after `apus_` that tell it from others without being a secret.
    package static let keyIDCharacters = 8
    package static let tokenBytes = 8 * 1024
    /// How far the clocks of gateway and issuer may be apart.
    package static let tokenLeewaySeconds = 60
    /// The least size of RSA keys.
    package static let issuerKeyMinimumBits = 2048
    /// Good ones that an event loop remembers, so that one that comes with every request is checked once: half of it
    /// holds one of each tenant.
    package static let cachedCredentials = 32_768
    /// Credentials of one peer that may be wrong at once...
    package static let guesses = 20
    /// ...and after that.
    package static let guessesPerSecond = 1
    /// Peers whose wrong credentials are counted apart; further ones are counted together.
    package static let guessingPeers = 16_384
    /// How exactly a key's last use is known.
    package static let keyUseSeconds = 60

    // MARK: Texts of others
    /// The name of a member of JSON, or of a field of a form or a query, escapes undone or not.
    package static let fieldNameBytes = 256
    /// Fields of a form or a query, and members of an object that are taken for such.
    package static let formFields = 1000

    // MARK: Configuration
    /// Arrays and objects within each other.
    package static let jsonDepth = 32
    /// Tenants of one generation.
    package static let tenants = 10_000
    package static let tenantNameCharacters = 64
    package static let quotaSegmentsPerDay: Int64 = 1_000_000_000_000
    /// A thousand million, in millionths of the currency.
    package static let quotaCostPerMonth: Int64 = 1_000_000_000_000_000
    package static let quotaWaitingMessages: Int64 = 1_000_000_000_000
    package static let retentionDays = 36_500
    /// Idempotency keys are looked up in the messages of yesterday.
    package static let retentionRecordDaysMinimum = 2
    package static let listedSenders = 1000
    package static let listedDestinations = 1000
    package static let certificatesPerTenant = 100
    package static let certificateNameBytes = 255
    package static let uidsPerTenant = 100
    package static let issuersPerTenant = 16
    package static let issuerBytes = 255
    package static let keysPerIssuer = 16
    package static let issuerKeyIDBytes = 128
    package static let publicKeyBytes = 4096
    /// A shared secret's, once decoded; the least that RFC 7518 allows for HS256.
    package static let issuerSecretMinimumBytes = 32
    package static let issuerSecretMaximumBytes = 512

    // MARK: Providers and routes of the configuration
    /// Providers of one generation.
    package static let providers = 64
    package static let providerNameCharacters = 32
    /// Messages that a provider may have at one time, and where nothing is said about it.
    package static let providerInFlight = 10_000
    package static let providerInFlightDefault = 1000
    /// Messages a second: one in a hundred seconds.
    package static let providerRateMinimum = 0.01
    package static let providerWeight = 1000
    package static let providerSecrets = 16
    package static let providerSecretNameCharacters = 64
    package static let providerSecretBytes = 4096
    /// A text among a provider's options: a name, URL or path.
    package static let providerOptionBytes = 1024
    /// A file of AWS credentials.
    package static let credentialsFileBytes = 1024 * 1024
    /// What the sandbox may take for an answer, and for a receipt after it.
    package static let sandboxDelayMilliseconds: Int64 = 24 * 3_600_000
    /// Routes of one generation.
    package static let routes = 1000
    package static let routeOrder = 1_000_000
    /// Where a route says nothing: behind those that do, unless they want to be last.
    package static let routeOrderDefault = 1000
    package static let routeProviders = 16
    package static let routeTenants = 1000
    package static let timeWindows = 50
    /// Why a route refuses messages.
    package static let rejectionBytes = 256

    // MARK: Providers described by configuration
    package static let httpRequestMillisecondsMinimum: Int64 = 1000
    package static let httpRequestMillisecondsMaximum: Int64 = 120_000
    /// Fields of a form or a query, headers, or variables.
    package static let httpTemplateFields = 64
    package static let httpURLBytes = 2048
    package static let httpAnswerRules = 64
    /// Conditions of a rule.
    package static let httpAnswerConditions = 16
    package static let httpAnswerCodes = 1000
    /// The carrier's words for a receipt's status.
    package static let httpReceiptStatuses = 100
    /// Rules of posts that say nothing of messages.
    package static let httpIgnoreRules = 64
    /// Items of one post.
    package static let webhookItems = 1000
    /// How long an access token serves whose lifetime the carrier doesn't say, and at most.
    package static let accessTokenSeconds: Int64 = 300
    package static let accessTokenSecondsMaximum: Int64 = 30 * 86_400
    package static let accessTokenBytes = 8192
    /// After a request for an access token that failed, none follows within this time.
    package static let accessTokenRetryMilliseconds: Int64 = 1000
    /// The lifetime of a token that a request shows, at most and unless configured.
    package static let httpTokenSecondsMaximum: Int64 = 86_400
    package static let httpTokenSeconds: Int64 = 300
    /// How old a request to a webhook may be that was signed with its time, at most and unless configured. Carriers
    /// repeat for a day what they signed when they began to push it. Unless configured, no inbound message is forgotten
    /// before it is too old to be posted again.
    package static let webhookToleranceSecondsMaximum: Int64 = 30 * 86_400
    package static let webhookToleranceSeconds: Int64 = 2 * 86_400
    /// How far ahead of the gateway's clock such a time may be, if no less old ones are taken.
    package static let webhookAheadSeconds: Int64 = 3600
}
