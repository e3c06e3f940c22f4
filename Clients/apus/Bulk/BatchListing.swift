internal import ApusClient
internal import FoundationEssentials
internal import SMSModel

/// What a batch of the gateway has, read before a file is sent under its name.
struct BatchListing {
    let contents: BatchContents
    /// The send time that all its messages share; nil if they have none or several.
    let sendAt: Date?

    /// Reads the messages of a batch.
    ///
    /// - Returns: nil if there is no such batch, or it has no messages.
    /// - Throws: a failure if the gateway does not tell what the messages say.
    init?(of batch: String, _ client: GatewayClient, _ progress: ProgressLine) async throws {
        guard let status = try await Self.status(of: batch, client), status.messages > 0 else { return nil }
        var messages: [(fingerprint: Fingerprint, to: String, id: ApusClient.MessageID)] = []
        messages.reserveCapacity(Int(status.messages))
        var sendTimes: Set<Date?> = []
        let filter = ApusClient.MessageFilter(since: status.createdAt, batch: .name(batch))
        for try await message in client.list(filter, oldestFirst: true) {
            guard let fingerprint = message.fingerprint else {
                throw CommandFailure(
                    .refused,
                    "the gateway is of an earlier version, which does not tell what the batch \(batch) has sent",
                    advice:
                        "Update the gateway, or take the rows that `apus list --batch \(batch)` shows out of the file "
                        + "and send the others under a new name.")
            }
            messages.append((fingerprint, message.to, message.id))
            if sendTimes.count < 2 { sendTimes.insert(message.sendAt) }
            progress.show("comparing with the batch: \(messages.count) of \(status.messages)")
        }
        progress.clear()
        contents = BatchContents(messages)
        sendAt = sendTimes.count == 1 ? sendTimes.first ?? nil : nil
    }

    private static func status(of batch: String, _ client: GatewayClient) async throws -> ApusClient.BatchStatus? {
        do throws(ApusError) {
            return try await client.status(of: .name(batch))
        } catch {
            switch error.code {
            case .notFound: return nil
            case .permissionDenied:
                throw CommandFailure(
                    .refused,
                    "the key lacks the scope messages:read, without which the file can't be compared with what the "
                        + "batch \(batch) has sent (PERMISSION_DENIED)",
                    advice:
                        "Use a key that has that scope too, or leave --batch out: a new batch needs no comparison.")
            default: throw error
            }
        }
    }
}
