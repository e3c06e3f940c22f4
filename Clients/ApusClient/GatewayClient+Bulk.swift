internal import RPCWire
internal import SMSModel

extension GatewayClient {
    /// Hands over a batch of messages, of any number, as its sequence brings them.
    ///
    /// The sequence is cut into calls, several of which are in flight at a time. A message is known by the batch's
    /// name and its place in the sequence: the same messages under the same name again continue an interrupted run,
    /// and nothing is sent twice. A message that is refused does not stop the others.
    ///
    /// ```swift
    /// let report = try await client.bulk(messages, batch: "newsletter-7") { progress in
    ///     print(progress.report.accepted)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - batch: its name, 1 to 64 bytes.
    ///   - progress: called after each call's answer, in the order of the answers, by the task that called and where it
    ///     is isolated: an actor's may touch its state.
    /// - Throws: ``ApusError`` when a call failed for good, and what the sequence throws. What was accepted until then
    ///   stays accepted.
    public nonisolated(nonsending) func bulk<Messages: AsyncSequence>(
        _ messages: Messages, batch: String, options: BulkOptions = BulkOptions(),
        progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport where Messages.Element == OutgoingMessage {
        try await bulk(
            indexed: IndexedSequence(base: messages), batch: batch, options: options, progress: progress)
    }

    /// The same for messages that are there already.
    public nonisolated(nonsending) func bulk(
        _ messages: some Sequence<OutgoingMessage>, batch: String, options: BulkOptions = BulkOptions(),
        progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport {
        try await bulk(ReadySequence(base: messages), batch: batch, options: options, progress: progress)
    }

    /// Hands over one text for many recipients.
    ///
    /// - Parameters:
    ///   - template: its `to` does not count; `{{name}}` in its body stands for a recipient's variable.
    ///   - recipients: each with its variables.
    public nonisolated(nonsending) func bulk<Recipients: AsyncSequence>(
        template: OutgoingMessage, recipients: Recipients, batch: String, options: BulkOptions = BulkOptions(),
        progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport where Recipients.Element == TemplateRecipient {
        try await bulk(
            template: template, indexed: IndexedSequence(base: recipients), batch: batch, options: options,
            progress: progress)
    }

    /// The same for recipients that are there already.
    public nonisolated(nonsending) func bulk(
        template: OutgoingMessage, recipients: some Sequence<TemplateRecipient>, batch: String,
        options: BulkOptions = BulkOptions(), progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport {
        try await bulk(
            template: template, recipients: ReadySequence(base: recipients), batch: batch, options: options,
            progress: progress)
    }

    // MARK: With gaps

    /// Like `bulk(_:batch:options:progress:)`, of messages that tell their own places, which rise.
    package nonisolated(nonsending) func bulk<Messages: AsyncSequence>(
        indexed messages: Messages, batch: String, options: BulkOptions = BulkOptions(),
        progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport where Messages.Element == (index: UInt64, element: OutgoingMessage) {
        let upload = BulkUpload<SendRequest>(
            client: self, batch: batch, options: options, template: nil, content: { .messages($0) })
        return try await upload.run(messages, progress: progress) { message throws(ApusError) in
            try SendRequest(message)
        }
    }

    /// Like `bulk(template:recipients:batch:options:progress:)`, of recipients that tell their own places, which rise.
    package nonisolated(nonsending) func bulk<Recipients: AsyncSequence>(
        template: OutgoingMessage, indexed recipients: Recipients, batch: String,
        options: BulkOptions = BulkOptions(), progress: ((BulkProgress) -> Void)? = nil
    ) async throws -> BulkReport where Recipients.Element == (index: UInt64, element: TemplateRecipient) {
        var template = template
        template.to = ""
        let message = try SendRequest(template)
        let upload = BulkUpload<BulkRequest.Recipient>(
            client: self, batch: batch, options: options, template: message, content: { .template(message, $0) })
        return try await upload.run(recipients, progress: progress) { recipient in
            BulkRequest.Recipient(recipient)
        }
    }
}

/// A sequence whose elements are there already.
private struct ReadySequence<Base: Sequence>: AsyncSequence {
    typealias Element = Base.Element

    let base: Base

    struct Iterator: AsyncIteratorProtocol {
        var base: Base.Iterator

        mutating func next() async -> Base.Element? { base.next() }
    }

    func makeAsyncIterator() -> Iterator { Iterator(base: base.makeIterator()) }
}

/// A sequence's elements with their places, from 0.
private struct IndexedSequence<Base: AsyncSequence>: AsyncSequence {
    typealias Element = (index: UInt64, element: Base.Element)

    let base: Base

    struct Iterator: AsyncIteratorProtocol {
        var base: Base.AsyncIterator
        var index: UInt64 = 0

        mutating func next() async throws -> Element? {
            guard let element = try await base.next() else { return nil }
            defer { index += 1 }
            return (index, element)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator()) }
}
