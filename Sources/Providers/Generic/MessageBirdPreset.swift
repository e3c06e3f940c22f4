extension GenericPreset {
    /// MessageBird's SMS API. It reports only on messages that have a reference.
    static let messageBird = GenericPreset(
        name: "messagebird",
        description: #"""
            {
              "authentication": {
                "scheme": "header", "name": "Authorization", "value": "AccessKey {{secret.access_key}}"
              },
              "request": {
                "url": "https://rest.messagebird.com/messages",
                "json": {
                  "originator": "{{from_digits}}",
                  "recipients": ["{{to_digits}}"],
                  "body": "{{text}}",
                  "datacoding": "{{encoding|GSM7=plain|UCS2=unicode}}",
                  "reference": "{{token}}",
                  "reportUrl?": "{{webhook}}"
                }
              },
              "answer": [
                {"status": "200-299", "when": {"/id": true}, "outcome": "accepted", "id": "/id"},
                {
                  "status": "400-407,409-499",
                  "when": {"/errors/*/code": ["9", "10"], "/errors/*/parameter": ["recipient", "recipients"]},
                  "outcome": "recipient",
                  "code": "/errors/0/code",
                  "text": "/errors/0/description"
                },
                {
                  "status": "400-407,409-499",
                  "when": {"/errors/*/code": ["9", "10"], "/errors/*/parameter": "originator"},
                  "outcome": "sender",
                  "code": "/errors/0/code",
                  "text": "/errors/0/description"
                },
                {
                  "status": "400-407,409-428,430-499",
                  "when": {"/errors/*/code": true},
                  "code": "/errors/*/code",
                  "text": "/errors/0/description",
                  "codes": {"2": "account", "25": "account", "9": "route", "10": "route", "20": "route"}
                },
                {"status": "401", "outcome": "account"}
              ],
              "signature": {"scheme": "none"},
              "receipt": {
                "token": "param:reference",
                "id": "param:id",
                "status": "param:status",
                "error": "param:statusErrorCode",
                "statuses": {
                  "delivered": "delivered",
                  "expired": "undelivered", "delivery_failed": "undelivered",
                  "scheduled": "pending", "sent": "pending", "buffered": "pending"
                }
              }
            }
            """#,
        signingSecret: "signing_key",
        signed: #"""
            {
              "signature": {"scheme": "messagebird-jwt", "key": "{{secret.signing_key}}"},
              "inbound": {
                "id": "param:id", "from": "param:originator", "to": "param:recipient", "text": "param:body"
              }
            }
            """#)
}
