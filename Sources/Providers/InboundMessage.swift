package import SMSModel

/// A message that somebody sent to one of the gateway's numbers.
package struct InboundMessage: Hashable, Sendable {
    /// The carrier's id of it.
    package var providerID: String
    /// The sender as the carrier wrote it.
    package var sender: String
    package var recipient: String
    package var body: String
    /// What the carrier has understood as a keyword; nil = the text decides.
    package var action: OptOutAction?
    /// What came with it, at most ``Limits/inboundMedia``.
    package var media: [InboundMedia] = []
    /// nil = it is the whole message.
    package var part: InboundPart?
    /// The carrier's name for the group of numbers that the recipient is of, such as a Messaging Service; "" = none.
    package var service = ""

    package init(providerID: String, sender: String, recipient: String, body: String) {
        self.providerID = providerID
        self.sender = sender
        self.recipient = recipient
        self.body = body
    }

    /// Adds a link to what came with it. One that is no link of the web, or too long, is left out, and so are those
    /// above the bound.
    mutating func append(mediaURL url: String, contentType: String) {
        guard media.count < Limits.inboundMedia, url.utf8.count <= Limits.inboundMediaURLBytes,
            url.hasPrefix("https://") || url.hasPrefix("http://")
        else { return }
        let type = contentType.utf8.count <= Limits.inboundMediaTypeBytes ? contentType : ""
        media.append(InboundMedia(url: url, contentType: type))
    }
}
