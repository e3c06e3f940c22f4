package import Providers
package import SMSModel

/// What a carrier has reported, for the writer, and whom to tell.
package struct CarrierBurst: Sendable {
    package var events: [CarrierEvent]
    /// The number of the provider whose carrier it is.
    package var provider: UInt8
    /// Its name.
    package var name: String
    /// Called once, on any thread: all of it is durable (nil), or it may not be, and is to be reported again.
    package var reply: @Sendable (GatewayError?) -> Void

    package init(
        events: [CarrierEvent], provider: UInt8, name: String, reply: @escaping @Sendable (GatewayError?) -> Void
    ) {
        self.events = events
        self.provider = provider
        self.name = name
        self.reply = reply
    }
}
