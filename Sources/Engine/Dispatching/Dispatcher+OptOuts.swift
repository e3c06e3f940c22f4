internal import Admission
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// Recipients who have opted out, by their own word or at a carrier, and the answers to keywords, which they are sent
/// all the same.
extension Dispatcher {
    func hasOptedOut(_ content: MessageContent) -> Bool {
        content.arena.bytes.withUnsafeBytes { bytes in
            let recipient = UnsafeRawBufferPointer(rebasing: bytes[content.draft.recipient.range])
            return suppressions.contains(recipient, of: content.draft.tenant)
        }
    }

    /// Whether one of the carriers that the message may go to has said that the recipient has opted out there of what
    /// its sender sends. The others are not tried instead, as they aren't when the carrier says so to this message.
    func optOut(atCarrierOf candidates: UInt16, _ content: MessageContent, now: Int64) -> CarrierOptOut? {
        content.arena.bytes.withUnsafeBytes { bytes in
            let recipient = UnsafeRawBufferPointer(rebasing: bytes[content.draft.recipient.range])
            let sender = UnsafeRawBufferPointer(rebasing: bytes[content.draft.sender.range])
            return carrierOptOuts.find(PhoneNumber.digits(of: recipient), content.draft.tenant, now: now) {
                $0.sender.utf8.elementsEqual(sender) && pool.mayGo(candidates, to: $0.provider)
            }
        }
    }

    // MARK: Answers to keywords

    /// How long an answer waits for its provider before that is looked at again, in milliseconds.
    static let replyPause: Int64 = 1000

    /// Where an answer to a keyword goes.
    enum ReplyPath {
        case now(Int)
        case later
        case none
    }

    /// An answer goes by the provider that has brought the keyword, and by no other.
    mutating func path(forReply provider: UInt8, _ trouble: AttemptTrouble, urgent: Bool, now: Int64) -> ReplyPath {
        guard !trouble.refused.contains(provider), let index = pool.index(of: provider) else { return .none }
        return pool.verdict(of: index, urgent: urgent, now: now) == .hasRoom ? .now(index) : .later
    }
}

extension CarrierOptOut {
    /// The opt-out that a carrier has reported for a message's recipient.
    init(_ content: MessageContent, provider: UInt8, code: String, at now: Int64) {
        let (number, sender) = content.arena.bytes.withUnsafeBytes { bytes in
            (
                PhoneNumber.digits(of: UnsafeRawBufferPointer(rebasing: bytes[content.draft.recipient.range])),
                String(decoding: bytes[content.draft.sender.range], as: UTF8.self)
            )
        }
        self.init(
            tenant: content.draft.tenant, number: number, provider: provider, sender: sender, at: now, code: code)
    }
}
