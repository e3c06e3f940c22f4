extension GenericPreset {
    /// Infobip's SMS API, version 3. It posts up to 100 receipts at once, and finds a message by the id that the gateway
    /// gave it.
    static let infobip = GenericPreset(
        name: "infobip",
        description: #"""
            {
              "authentication": {"scheme": "header", "value": "App {{secret.api_key}}"},
              "request": {
                "url": "https://{{option.base_url}}/sms/3/messages",
                "json": {
                  "messages": \#(messages(delivery: #"{"url?": "{{webhook}}"}"#))
                }
              },
              "answer": [
                {
                  "status": "200-299",
                  "when": {"/messages/0/status/groupName": ["PENDING", "ACCEPTED", "DELIVERED"]},
                  "outcome": "accepted",
                  "id": "/messages/0/messageId"
                },
                {
                  "status": "200-299",
                  "when": {"/messages/0/status/groupName": ["REJECTED", "UNDELIVERABLE"]},
                  "outcome": "route",
                  "code": "/messages/0/status/name",
                  "text": "/messages/0/status/description",
                  "codes": {
                    "REJECTED_DESTINATION_NOT_REGISTERED": "recipient", "REJECTED_INVALID_DESTINATION": "recipient",
                    "REJECTED_DESTINATION": "recipient",
                    "REJECTED_SENDER": "sender", "REJECTED_SOURCE": "sender",
                    "REJECTED_NOT_ENOUGH_CREDITS": "account", "REJECTED_SYSTEM_ERROR": "unknown",
                    "REJECTED_FLOODING_FILTER": "throttled"
                  }
                },
                {"status": "401,403", "outcome": "account", "code": "/errorCode", "text": "/description"},
                {
                  "status": "400",
                  "when": {"/errorCode": true},
                  "outcome": "route",
                  "code": "/errorCode",
                  "text": "/violations/0/violation"
                },
                {
                  "status": "400",
                  "when": {"/requestError/serviceException/messageId": true},
                  "outcome": "route",
                  "code": "/requestError/serviceException/messageId",
                  "text": "/requestError/serviceException/text"
                }
              ],
              "signature": {"scheme": "none"},
              "items": "/results",
              "receipt": {
                "when": {"/status/groupName": true},
                "token": "/callbackData",
                "id": "/messageId",
                "status": "/status/groupName",
                "error": "/error/name",
                "statuses": {
                  "DELIVERED": "delivered",
                  "UNDELIVERABLE": "undelivered", "EXPIRED": "undelivered", "REJECTED": "undelivered",
                  "PENDING": "pending", "ACCEPTED": "pending"
                }
              },
              "look_up": {
                "message": {
                  "request": {"url": "https://{{option.base_url}}/sms/3/logs", "query": {"messageId": "{{token}}"}},
                  "items": "/results",
                  "id": "/messageId",
                  "token": "/messageId",
                  "status": "/status/groupName",
                  "error": "/error/name"
                },
                "status": {
                  "request": {"url": "https://{{option.base_url}}/sms/3/logs", "query": {"messageId": "{{provider_id}}"}},
                  "status": "/results/0/status/groupName",
                  "error": "/results/0/error/name"
                }
              },
              "test": {
                "request": {"url": "https://{{option.base_url}}/account/1/balance"},
                "when": {"/currency": true},
                "detail": "/balance"
              }
            }
            """#,
        signingSecret: "webhook_password",
        signed: #"""
            {
              "request": {"json": {"messages": \#(messages(delivery: "{}"))}},
              "signature": {"scheme": "basic", "user": "apus", "password": "{{secret.webhook_password}}"},
              "inbound": {
                "when": {"/receivedAt": true},
                "id": "/messageId", "from": "/from", "to": "/to", "text": "/text"
              }
            }
            """#)

    /// - Parameter delivery: where receipts go to; with a subscription, which has user and password, it says so.
    private static func messages(delivery: String) -> String {
        #"""
        [
          {
            "sender?": "{{from_digits}}",
            "destinations": [{"to": "{{to_digits}}", "messageId": "{{token}}"}],
            "content": {"text": "{{text}}"},
            "options": {
              "validityPeriod": {"amount": "{{validity|min=60|max=172800|number}}", "timeUnit": "SECONDS"}
            },
            "webhooks": {"delivery": \#(delivery), "contentType": "application/json", "callbackData": "{{token}}"}
          }
        ]
        """#
    }
}
