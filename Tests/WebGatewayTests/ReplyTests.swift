internal import GatewayCore
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import WebGateway

/// How senders are answered, by what became of their posts.
@Suite struct ReplyTests {
    @Test(arguments: [
        (IngressResult.noProvider, 404, "no provider of this name takes webhooks"),
        (.refused, 403, "not proven to be the carrier's"), (.unreadable, 400, "not readable"),
        (.undecided, 503, "not decided yet"), (.understoodInPart, 503, "not all of it is understood"),
        (.notStored, 503, "nothing can be stored now"),
    ])
    func whatIsNotTakenIsAnError(_ result: IngressResult, _ status: Int, _ text: String) {
        let reply = WebReply(result)
        #expect(reply.status == status)
        #expect(reply.contentType == "application/json" && reply.body == #"{"error":"\#(text)"}"#)
        // Carriers post again after 503 alone.
        #expect(reply.retryAfterSeconds == (status == 503 ? Limits.webRetryAfterSeconds : nil))
    }

    @Test func whatIsTakenIsAnsweredAsTheCarrierWantsIt() {
        let reply = WebReply(.taken(WebhookAnswer(status: 200, contentType: "text/xml", body: "<Response/>")))
        #expect(reply == WebReply(status: 200, contentType: "text/xml", body: "<Response/>"))
        #expect(WebReply(.taken(WebhookAnswer())).status == 204)
    }
}
