extension GenericPreset {
    /// Vonage's SMS API. Every part of a message has an id, a status and receipts of its own.
    static let vonage = GenericPreset(
        name: "vonage",
        description: #"""
            {
              "request": {
                "url": "https://rest.nexmo.com/sms/json",
                "form": {
                  "api_key": "{{option.api_key}}",
                  "api_secret": "{{secret.api_secret}}",
                  "to": "{{to_digits}}",
                  "from": "{{from_digits}}",
                  "text": "{{text}}",
                  "type": "{{encoding|GSM7=text|UCS2=unicode}}",
                  "client-ref": "{{token}}",
                  "callback?": "{{webhook}}"
                }
              },
              "answer": [
                {
                  "status": "200-299",
                  "parts": "/messages",
                  "when": {"/status": "0"},
                  "outcome": "accepted",
                  "id": "/message-id",
                  "code": "/status"
                },
                {
                  "when": {"/messages/*/status": true},
                  "code": "/messages/*/status",
                  "text": "/messages/0/error-text",
                  "codes": {
                    "1": "throttled", "10": "throttled",
                    "2": "route", "3": "route", "6": "route", "22": "route", "29": "route",
                    "7": "recipient", "33": "recipient",
                    "12": "content",
                    "15": "sender",
                    "4": "account", "8": "account", "9": "account", "11": "account", "14": "account",
                    "32": "account"
                  }
                },
                {"status": "401", "outcome": "account"}
              ],
              "signature": {"scheme": "none"},
              "receipt": {
                "token": "param:client-ref",
                "id": "param:messageId",
                "status": "param:status",
                "error": "param:err-code",
                "statuses": {
                  "delivered": "delivered",
                  "expired": "undelivered", "failed": "undelivered", "rejected": "undelivered",
                  "accepted": "pending", "buffered": "pending", "unknown": "pending"
                }
              }
            }
            """#,
        signingSecret: "signature",
        signed: #"""
            {
              "signature": {"scheme": "vonage-sig", "method": "sha256", "key": "{{secret.signature}}"},
              "inbound": {
                "id": "param:messageId", "from": "param:msisdn", "to": "param:to", "text": "param:text",
                "part": {
                  "reference": "param:concat-ref", "total": "param:concat-total", "number": "param:concat-part"
                }
              }
            }
            """#)
}
