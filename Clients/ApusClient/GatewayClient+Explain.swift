internal import RPCWire
internal import SMSModel

extension GatewayClient {
    // MARK: Explaining

    /// What would become of a message that was sent now, and why: a dry run of ``send(_:idempotencyKey:timeout:)``.
    /// Nothing is sent or recorded, and nothing is taken of any rate or quota. A message that would be refused is no
    /// error here: see ``Explanation/refusals``.
    ///
    /// It holds for the moment it is asked for: providers fill up and fail, and a route that chooses by weight chooses
    /// by chance.
    public func explain(_ message: OutgoingMessage, timeout: Duration? = nil) async throws(ApusError) -> Explanation {
        let response: SendExplanation = try await call(.explain, SendRequest(message), timeout: timeout)
        return Explanation(response)
    }
}
