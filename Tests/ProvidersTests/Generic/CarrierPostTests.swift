internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What the ready-made carriers post: signed as they sign, and read by their own libraries too.
extension CarrierPresetTests {
    struct Post: Sendable {
        var carrier: PresetCarrier
        /// What the carrier's library calls it.
        var kind: String
        var body: String
        /// Whether the token is in the query.
        var hasCallback = false
        var events: @Sendable () -> [CarrierEvent]
    }

    private static func receipt(_ id: String, _ status: ReceiptStatus) -> CarrierEvent {
        .receipt(CarrierReceipt(attempt: attempt, providerID: id, status: status))
    }

    private static func inbound(_ id: String, _ media: String...) -> CarrierEvent {
        var message = InboundMessage(providerID: id, sender: "+15005550001", recipient: "+15005550006", body: "STOP")
        message.media = media.map { InboundMedia(url: $0) }
        return .inbound(message)
    }

    private static func infobipItem(_ id: String, _ group: String, _ error: String) -> String {
        #"""
        {"bulkId": "B", "messageId": "\#(id)", "to": "447400123456", "sentAt": "2026-03-14T15:09:26.000+0000",
         "doneAt": "2026-03-14T15:09:27.000+0000", "messageCount": 1, "callbackData": "\#(Generic.token)",
         "price": {"pricePerMessage": 0.01, "currency": "EUR"},
         "status": {"groupId": 3, "groupName": "\#(group)", "id": 5, "name": "x", "description": "d"},
         "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "\#(error)", "description": "d", "permanent": false}}
        """#
    }

    private static func bandwidthItem(_ type: String, _ more: String, _ message: String) -> String {
        #"""
        {"time": "2026-03-14T15:09:26Z", "type": "\#(type)", "to": "+15005550006", "description": "d", \#(more)
         "message": {"owner": "+15005550006", "time": "2026-03-14T15:09:26Z", "to": ["+15005550006"],
           "from": "+15005550001", "applicationId": "app", "direction": "out", "segmentCount": 1, \#(message)}}
        """#
    }

    private static func telnyxPost(_ type: String, _ payload: String) -> String {
        #"""
        {"data": {"event_type": "\#(type)", "id": "e1", "occurred_at": "2026-03-14T15:09:26Z", "record_type": "event",
          "payload": {"record_type": "message", "type": "SMS", \#(payload)}}}
        """#
    }

    static let posts = [
        Post(
            carrier: infobip, kind: "receipt",
            body:
                #"{"results": [\#(infobipItem("a", "DELIVERED", "NO_ERROR")), "#
                + #"\#(infobipItem("b", "UNDELIVERABLE", "EC_ABSENT_SUBSCRIBER")), \#(infobipItem("c", "PENDING", "x"))]}"#,
            events: {
                [
                    receipt("a", .delivered), receipt("b", .undelivered(code: "EC_ABSENT_SUBSCRIBER")),
                    receipt("c", .taken),
                ]
            }),
        Post(
            carrier: infobip, kind: "inbound",
            body: #"""
                {"results": [{"messageId": "i", "from": "+15005550001", "to": "+15005550006", "text": "STOP",
                  "cleanText": "", "keyword": "STOP", "receivedAt": "2026-03-14T15:09:26.000+0000", "smsCount": 1,
                  "price": {"pricePerMessage": 0, "currency": "EUR"}}], "messageCount": 1, "pendingMessageCount": 0}
                """#,
            events: { [inbound("i")] }),
        Post(
            carrier: sinch, kind: "receipt",
            body: #"""
                {"type": "recipient_delivery_report_sms", "at": "2026-03-14T15:09:26.930Z", "batch_id": "a",
                 "client_reference": "\#(Generic.token)", "code": 407, "recipient": "447400123456", "status": "Failed"}
                """#,
            events: { [receipt("a", .undelivered(code: "407"))] }),
        Post(
            carrier: sinch, kind: "inbound",
            body: #"""
                {"type": "mo_text", "id": "i", "from": "+15005550001", "to": "+15005550006", "body": "STOP",
                 "received_at": "2026-03-14T15:09:26.930Z"}
                """#,
            events: { [inbound("i")] }),
        Post(
            carrier: sinch, kind: "inbound",
            body: #"""
                {"type": "mo_media", "id": "i", "from": "+15005550001", "to": "+15005550006",
                 "received_at": "2026-03-14T15:09:26.930Z", "body": {"subject": "s", "message": "STOP",
                   "media": [{"url": "https://m.example/1", "content_type": "image/png", "status": "Uploaded", "code": 0}]}}
                """#,
            events: { [inbound("i", "https://m.example/1")] }),
        Post(
            carrier: telnyx, kind: "receipt",
            body: telnyxPost(
                "message.finalized",
                #""id": "a", "direction": "outbound", "to": [{"phone_number": "+1", "status": "delivered"}], "errors": []"#
            ),
            hasCallback: true, events: { [receipt("a", .delivered)] }),
        Post(
            carrier: telnyx, kind: "receipt",
            body: telnyxPost(
                "message.finalized",
                #"""
                "id": "a", "direction": "outbound", "to": [{"phone_number": "+1", "status": "delivery_failed"}],
                "errors": [{"code": "40008", "title": "t"}]
                """#),
            hasCallback: true, events: { [receipt("a", .undelivered(code: "40008"))] }),
        Post(
            carrier: telnyx, kind: "inbound",
            body: telnyxPost(
                "message.received",
                #"""
                "id": "i", "direction": "inbound", "from": {"phone_number": "+15005550001"},
                "to": [{"phone_number": "+15005550006"}], "text": "STOP", "media": [{"url": "https://m.example/1"}]
                """#),
            events: { [inbound("i", "https://m.example/1")] }),
        Post(
            carrier: bandwidth, kind: "receipt",
            body:
                "[\(bandwidthItem("message-delivered", "", #""id": "a", "text": "", "tag": "\#(Generic.token)""#)), "
                + "\(bandwidthItem("message-failed", #""errorCode": 4405,"#, #""id": "b", "text": "", "tag": "\#(Generic.token)""#))]",
            events: { [receipt("a", .delivered), receipt("b", .undelivered(code: "4405"))] }),
        Post(
            carrier: bandwidth, kind: "inbound",
            body:
                "[\(bandwidthItem("message-received", "", #""id": "i", "text": "STOP", "media": ["https://m.example/1"]"#))]",
            events: { [inbound("i", "https://m.example/1")] }),
    ]

    private struct Strings: Encodable, Sendable {
        var strings: [String]
        var seconds: Int?

        init(_ strings: String..., seconds: Int? = nil) {
            self.strings = strings
            self.seconds = seconds
        }

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            for string in strings { try list.encode(string) }
            if let seconds { try list.encode(seconds) }
        }
    }

    private struct Signed: Decodable, Sendable {
        var headers: [String: String]
        var key: String

        init(headers: [String: String], key: String) {
            self.headers = headers
            self.key = key
        }

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            headers = try list.decode([String: String].self)
            key = try list.decode(String.self)
        }
    }

    /// The headers that each post is sent with, and the key that checks them.
    private func signed(_ posts: [(carrier: PresetCarrier, body: String)]) async throws -> [Signed] {
        let bySecret = posts.map { post in
            let code = CodeForm.base64.text(Array("apus:\(post.carrier.signing.value)".utf8))
            return Signed(headers: ["authorization": "Basic \(code)"], key: post.carrier.signing.value)
        }
        let places = posts.indices.filter { ["telnyx", "sinch"].contains(posts[$0].carrier.description) }
        let questions = places.map {
            Strings(posts[$0].carrier.description, "pw", posts[$0].body, seconds: Int(Generic.now / 1000))
        }
        let answers = try await ask("sign", questions, as: Signed.self)
        return zip(places, answers).reduce(into: bySecret) { $0[$1.0] = $1.1 }
    }

    /// The posts of the stand-ins are those that the carriers' libraries read.
    @Test func theirLibrariesReadThePosts() async throws {
        let questions = Self.posts.map { Strings($0.carrier.description, $0.kind, $0.body) }
        #expect(try await ask("read", questions, as: Bool.self) == Self.posts.map { _ in true })
    }

    @Test func postsAreRead() async throws {
        for (post, signed) in zip(Self.posts, try await signed(Self.posts.map { ($0.carrier, $0.body) })) {
            let query = post.hasCallback ? "apus=\(Generic.token)" : ""
            let receiver = try #require(kind(post.carrier, key: signed.key, isSigned: true).receiver)
            let request = Generic.posted(post.body, query: query, headers: signed.headers)
            let verdict = await receiver.receive(request, now: Generic.now)
            #expect(verdict.events == post.events(), "\(post.carrier) \(verdict)")
            // Not a byte may differ, and without the signature nothing is believed.
            var other = request
            if ["telnyx", "sinch"].contains(post.carrier.description) {
                other.body.append(UInt8(ascii: " "))
                #expect(await receiver.receive(other, now: Generic.now).isRefused)
            }
            #expect(await receiver.receive(Generic.posted(post.body, query: query), now: Generic.now).isRefused)
            // Without the secret only a receipt's token counts.
            let unsigned = try #require(kind(post.carrier).receiver)
            let without = await unsigned.receive(Generic.posted(post.body, query: query), now: Generic.now)
            #expect(without.events?.count == (post.kind == "receipt" ? post.events().count : nil))
        }
    }

    @Test func whatElksPosts() async throws {
        let receiver = try #require(kind(Self.elks, isSigned: true).receiver)
        let headers = ["authorization": "Basic \(CodeForm.base64.text(Array("apus:p w".utf8)))"]
        func events(_ body: String, _ query: String = "apus=\(Generic.token)") async -> [CarrierEvent]? {
            await receiver.receive(Generic.form(body, query: query, headers: headers), now: 0).events
        }
        #expect(await events("id=a&status=delivered&delivered=2026-03-14T15:09:26") == [Self.receipt("a", .delivered)])
        #expect(await events("id=a&status=failed") == [Self.receipt("a", .undelivered(code: "FAILED"))])
        #expect(await events("id=a&status=sent") == [Self.receipt("a", .taken)])
        #expect(
            await events("direction=incoming&id=i&from=%2B15005550001&to=%2B15005550006&message=STOP", "")
                == [Self.inbound("i")])
        #expect(await receiver.receive(Generic.form("id=a&status=delivered"), now: 0).isRefused)
        // The answer's body would be sent to the person.
        guard
            case .believed(_, let answer) = await receiver.receive(
                Generic.form("direction=incoming&id=i&from=1&to=2&message=STOP", headers: headers), now: 0)
        else {
            Issue.record("not believed")
            return
        }
        #expect(answer.body.isEmpty)
    }

    @Test func theirOwnLibrariesBelieveWhatIsSigned() async throws {
        struct Question: Encodable, Sendable {
            var carrier: String
            var key: String
            var body: String
            var headers: [String: String]

            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(carrier)
                try list.encode(key)
                try list.encode(body)
                try list.encode(headers)
            }
        }
        let carriers = [Self.telnyx, Self.sinch]
        let signed = try await signed(carriers.map { ($0, "{\"a\":1}") })
        let questions = zip(carriers, signed).flatMap { carrier, signed in
            ["{\"a\":1}", "{\"a\":2}"].map {
                Question(carrier: carrier.description, key: signed.key, body: $0, headers: signed.headers)
            }
        }
        #expect(try await ask("believe", questions, as: Bool.self) == [true, false, true, false])
    }
}
