internal import DequeModule
internal import Providers
internal import SMSModel
internal import Storage

/// The work of a round that nobody brings again: it is kept until the round is durable, and given back if it isn't.
struct RoundIntake {
    var answers: [[AttemptAnswer]] = []
    var carriers: [CarrierBurst] = []
    var possiblySent: [RecoveredMessage] = []

    /// The next round takes it in first.
    func giveBack(to inbox: inout WriterInbox) {
        inbox.answers.prepend(contentsOf: answers)
        inbox.carriers.prepend(contentsOf: carriers)
    }

    mutating func removeAll() {
        answers.removeAll(keepingCapacity: true)
        carriers.removeAll(keepingCapacity: true)
        possiblySent.removeAll(keepingCapacity: true)
    }
}
