extension GenericPreset {
    /// Sinch's SMS REST API. A batch of one message, which is found again by the gateway's reference.
    static let sinch = GenericPreset(
        name: "sinch",
        description: #"""
            {
              "variables": {"region": "eu"},
              "authentication": {"scheme": "bearer", "token": "{{secret.api_token}}"},
              "request": {
                "url": "https://{{option.region}}.sms.api.sinch.com/xms/v1/{{option.service_plan_id}}/batches",
                "json": {
                  "type": "mt_text",
                  "from?": "{{from_digits}}",
                  "to": ["{{to_digits}}"],
                  "body": "{{text}}",
                  "delivery_report": "per_recipient",
                  "client_reference": "{{token}}",
                  "expire_at?": "{{expiry|max=259200}}",
                  "callback_url?": "{{webhook}}"
                }
              },
              "answer": [
                {"status": "200-299", "when": {"/id": true}, "outcome": "accepted", "id": "/id"},
                {"status": "401,402,403", "outcome": "account", "code": "/code", "text": "/text"},
                {
                  "status": "400-407,409-428,430-499",
                  "when": {"/code": true},
                  "outcome": "route",
                  "code": "/code",
                  "text": "/text"
                }
              ],
              "signature": {"scheme": "none"},
              "receipt": {
                "when": {"/type": ["recipient_delivery_report_sms", "recipient_delivery_report_mms"]},
                "token": "/client_reference",
                "id": "/batch_id",
                "status": "/status",
                "error": "/code",
                "statuses": {
                  "Delivered": "delivered",
                  "Aborted": "undelivered", "Cancelled": "undelivered", "Rejected": "undelivered",
                  "Deleted": "undelivered", "Failed": "undelivered", "Expired": "undelivered",
                  "Queued": "pending", "Dispatched": "pending", "Unknown": "pending"
                }
              },
              "ignore": [{"/type": ["delivery_report_sms", "delivery_report_mms", "mo_binary"]}],
              "look_up": {
                "message": {
                  "request": {
                    "url": "https://{{option.region}}.sms.api.sinch.com/xms/v1/{{option.service_plan_id}}/batches",
                    "query": {"client_reference": "{{token}}", "start_date": "{{since}}"}
                  },
                  "items": "/batches",
                  "id": "/id",
                  "token": "/client_reference"
                },
                "status": {
                  "request": {
                    "url": "https://{{option.region}}.sms.api.sinch.com/xms/v1/{{option.service_plan_id}}/batches/{{provider_id}}/delivery_report",
                    "query": {"type": "summary"}
                  },
                  "status": "/statuses/0/status",
                  "error": "/statuses/0/code"
                }
              },
              "test": {
                "request": {
                  "url": "https://{{option.region}}.sms.api.sinch.com/xms/v1/{{option.service_plan_id}}/batches",
                  "query": {"page_size": "1"}
                },
                "when": {"/count": true}
              }
            }
            """#,
        signingSecret: "webhook_secret",
        signed: #"""
            {
              "signature": {
                "scheme": "hmac",
                "key": "{{secret.webhook_secret}}",
                "header": "x-sinch-webhook-signature",
                "form": "base64",
                "signed": "{{body}}.{{nonce}}.{{timestamp}}",
                "nonce_header": "x-sinch-webhook-signature-nonce",
                "timestamp_header": "x-sinch-webhook-signature-timestamp"
              },
              "inbound": {
                "when": {"/type": ["mo_text", "mo_media"]},
                "id": "/id", "from": "/from", "to": "/to", "text": ["/body", "/body/message"],
                "media": ["/body/media/*/url"]
              }
            }
            """#)
}
