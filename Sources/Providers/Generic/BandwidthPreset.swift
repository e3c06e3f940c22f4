extension GenericPreset {
    /// Bandwidth's Messaging API, version 2. Its callbacks are arrays, in which a field tells receipts from messages.
    static let bandwidth = GenericPreset(
        name: "bandwidth",
        description: #"""
            {
              "authentication": {
                "scheme": "oauth2",
                "url": "https://api.bandwidth.com/api/v1/oauth2/token",
                "client_id": "{{option.client_id}}",
                "client_secret": "{{secret.client_secret}}"
              },
              "request": {
                "url": "https://messaging.bandwidth.com/api/v2/users/{{option.account_id}}/messages",
                "json": {
                  "applicationId": "{{option.application_id}}",
                  "to": ["{{to}}"],
                  "from": "{{from}}",
                  "text": "{{text}}",
                  "tag": "{{token}}",
                  "expiration?": "{{expiry}}"
                }
              },
              "answer": [
                {"status": "202", "when": {"/id": true}, "outcome": "accepted", "id": "/id"},
                {"status": "401,403", "outcome": "account", "code": "/type", "text": "/description"},
                {
                  "status": "400",
                  "when": {"/fieldErrors/*/fieldName": ["to", "to[0]"]},
                  "outcome": "recipient",
                  "code": "/type",
                  "text": "/fieldErrors/0/description"
                },
                {
                  "status": "400",
                  "when": {"/fieldErrors/*/fieldName": "from"},
                  "outcome": "sender",
                  "code": "/type",
                  "text": "/fieldErrors/0/description"
                },
                {
                  "status": "400",
                  "when": {"/fieldErrors/*/fieldName": "text"},
                  "outcome": "content",
                  "code": "/type",
                  "text": "/fieldErrors/0/description"
                },
                {
                  "status": "400,404,409,415",
                  "when": {"/type": true},
                  "outcome": "route",
                  "code": "/type",
                  "text": "/description"
                },
                {
                  "status": "500-599",
                  "when": {"/type": true, "/description": true},
                  "outcome": "unavailable",
                  "code": "/type"
                }
              ],
              "signature": {"scheme": "none"},
              "items": "",
              "receipt": {
                "when": {"/type": ["message-sending", "message-sent", "message-delivered", "message-failed"]},
                "token": "/message/tag",
                "id": "/message/id",
                "status": "/type",
                "error": "/errorCode",
                "statuses": {
                  "message-delivered": "delivered", "message-failed": "undelivered",
                  "message-sending": "pending", "message-sent": "pending"
                }
              },
              "ignore": [{"/type": "message-read"}],
              "look_up": {
                "status": {
                  "request": {
                    "url": "https://messaging.bandwidth.com/api/v2/users/{{option.account_id}}/messages",
                    "query": {"messageId": "{{provider_id}}"}
                  },
                  "status": "/messages/0/messageStatus",
                  "error": "/messages/0/errorCode"
                },
                "statuses": {
                  "DELIVERED": "delivered",
                  "FAILED": "undelivered", "UNDELIVERED": "undelivered",
                  "RECEIVED": "pending", "QUEUED": "pending", "SENDING": "pending", "SENT": "pending",
                  "ACCEPTED": "pending"
                }
              },
              "test": {
                "request": {
                  "url": "https://messaging.bandwidth.com/api/v2/users/{{option.account_id}}/messages",
                  "query": {"messageStatus": "QUEUED", "limit": "1"}
                },
                "when": {"/totalCount": true}
              }
            }
            """#,
        signingSecret: "webhook_password",
        signed: #"""
            {
              "signature": {"scheme": "basic", "user": "apus", "password": "{{secret.webhook_password}}"},
              "inbound": {
                "when": {"/type": "message-received"},
                "id": "/message/id", "from": "/message/from", "to": "/to", "text": "/message/text",
                "media": ["/message/media/*"]
              }
            }
            """#)
}
