internal import Providers
internal import SMSModel

/// A message's content on its way from the store or from memory into a submission.
struct MessageContent {
    var draft: MessageDraft
    var arena: MessageDrafts
    var batch: BatchID?
}

extension Submissions {
    /// - Parameter sender: instead of the content's own.
    mutating func append(_ content: MessageContent, id: MessageID, attempt: Int, sender: [UInt8]?) {
        func copy(_ slice: ByteSlice) -> ByteSlice {
            let offset = bytes.count
            content.arena.bytes.withUnsafeBufferPointer { bytes.append(contentsOf: $0[slice.range]) }
            return ByteSlice(offset: UInt32(offset), count: slice.count)
        }
        func copySender() -> ByteSlice {
            guard let sender else { return copy(content.draft.sender) }
            defer { bytes += sender }
            return ByteSlice(offset: UInt32(bytes.count), count: UInt32(sender.count))
        }
        items.append(
            Submission(
                id: id, attempt: attempt, recipient: copy(content.draft.recipient), sender: copySender(),
                body: copy(content.draft.body), segments: content.draft.segments, encoding: content.draft.encoding,
                expiresAt: content.draft.expiresAt, reference: copy(content.draft.reference)))
    }
}
