extension GenericPreset {
    /// Telnyx's Messaging API, version 2, which signs all that it posts by Ed25519.
    static let telnyx = GenericPreset(
        name: "telnyx",
        description: #"""
            {
              "variables": {"messaging_profile_id": ""},
              "authentication": {"scheme": "bearer", "token": "{{secret.api_key}}"},
              "request": {
                "url": "https://api.telnyx.com/v2/messages",
                "json": {
                  "from?": "{{from}}",
                  "to": "{{to}}",
                  "text": "{{text}}",
                  "type": "SMS",
                  "messaging_profile_id?": "{{option.messaging_profile_id}}",
                  "webhook_url?": "{{callback}}"
                }
              },
              "answer": [
                {"status": "200-299", "when": {"/data/id": true}, "outcome": "accepted", "id": "/data/id"},
                {
                  "status": "400-407,409-428,430-499",
                  "when": {"/errors/0/code": true},
                  "outcome": "route",
                  "code": "/errors/0/code",
                  "text": "/errors/0/detail",
                  "codes": {
                    "10002": "recipient", "10016": "recipient", "40001": "recipient", "40310": "recipient",
                    "40300": "opted_out",
                    "40009": "content", "40302": "content",
                    "40003": "sender", "40013": "sender", "40305": "sender",
                    "10001": "sender", "40010": "sender",
                    "10009": "account", "10010": "account", "20100": "account", "40312": "account",
                    "10011": "throttled", "40011": "throttled_sender", "40318": "throttled_sender",
                    "40333": "throttled"
                  }
                },
                {"status": "401,403", "outcome": "account"}
              ],
              "signature": {"scheme": "none"},
              "receipt": {
                "when": {"/data/event_type": ["message.sent", "message.finalized"]},
                "token": "query:apus",
                "id": "/data/payload/id",
                "status": "/data/payload/to/0/status",
                "error": "/data/payload/errors/0/code",
                "statuses": {
                  "delivered": "delivered",
                  "delivery_failed": "undelivered", "sending_failed": "undelivered", "expired": "undelivered",
                  "delivery_unconfirmed": "pending", "queued": "pending", "sending": "pending", "sent": "pending"
                }
              },
              "look_up": {
                "status": {
                  "request": {"url": "https://api.telnyx.com/v2/messages/{{provider_id}}"},
                  "status": "/data/to/0/status",
                  "error": "/data/errors/0/code"
                }
              },
              "test": {
                "request": {"url": "https://api.telnyx.com/v2/balance"},
                "when": {"/data/currency": true},
                "detail": "/data/balance"
              }
            }
            """#,
        signingSecret: "public_key",
        signed: #"""
            {
              "signature": {
                "scheme": "ed25519",
                "key": "{{secret.public_key}}",
                "header": "telnyx-signature-ed25519",
                "signed": "{{timestamp}}|{{body}}",
                "timestamp_header": "telnyx-timestamp"
              },
              "inbound": {
                "when": {"/data/event_type": "message.received"},
                "id": "/data/payload/id",
                "from": "/data/payload/from/phone_number",
                "to": "/data/payload/to/0/phone_number",
                "text": "/data/payload/text",
                "media": ["/data/payload/media/*/url"]
              }
            }
            """#)
}
