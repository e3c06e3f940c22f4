package import Providers
package import SMSModel

/// A provider's way to the writer: the one road for answers, receipts, messages from people and the state of its link.
package final class CarrierRoad: ProviderEvents {
    private let writer: Writer
    private let number: UInt8
    private let name: String

    /// - Parameters:
    ///   - number: the provider's, as the store knows it.
    ///   - name: the provider's.
    package init(to writer: Writer, from number: UInt8, name: String) {
        self.writer = writer
        self.number = number
        self.name = name
    }

    package func answered(_ answers: [AttemptAnswer]) { writer.answered(answers) }

    package func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void) {
        writer.carrierReported(CarrierBurst(events: events, provider: number, name: name, reply: done))
    }

    package func linkChanged() { writer.linkChanged() }
}
