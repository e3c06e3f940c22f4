extension GenericPreset {
    /// 46elks' SMS API, whose errors are plain texts, and which takes a user and a password in the webhook's URL.
    static let elks46 = GenericPreset(
        name: "46elks",
        description: #"""
            {
              "authentication": {
                "scheme": "basic", "user": "{{option.api_username}}", "password": "{{secret.api_password}}"
              },
              "request": {
                "url": "https://api.46elks.com/a1/sms",
                "form": {
                  "from": "{{from}}",
                  "to": "{{to}}",
                  "message": "{{text}}",
                  "whendelivered?": "{{callback}}"
                }
              },
              "answer": [
                {
                  "status": "200-299",
                  "when": {"/status": ["created", "sent", "delivered"]},
                  "outcome": "accepted",
                  "id": "/id"
                },
                {"status": "401,402,403", "outcome": "account", "text": "text:*"},
                {"status": "400,404", "outcome": "route", "text": "text:*"}
              ],
              "signature": {"scheme": "none"},
              "receipt": {
                "when": {"form:status": true},
                "token": "query:apus",
                "id": "form:id",
                "status": "form:status",
                "statuses": {"delivered": "delivered", "failed": "undelivered", "created": "pending", "sent": "pending"}
              },
              "look_up": {
                "message": {
                  "request": {
                    "url": "https://api.46elks.com/a1/sms",
                    "query": {"to": "{{to}}", "end": "{{since}}", "limit": "100"}
                  },
                  "items": "/data",
                  "id": "/id",
                  "to": "/to", "text": "/message", "at": "/created",
                  "status": "/status"
                },
                "status": {
                  "request": {"url": "https://api.46elks.com/a1/sms/{{provider_id}}"},
                  "status": "/status"
                }
              },
              "test": {
                "request": {"url": "https://api.46elks.com/a1/me"}, "when": {"/id": true}, "detail": "/balance"
              }
            }
            """#,
        signingSecret: "webhook_password",
        signed: #"""
            {
              "request": {"form": {"whendelivered?": "{{callback_with_password}}"}},
              "signature": {"scheme": "basic", "user": "apus", "password": "{{secret.webhook_password}}"},
              "inbound": {
                "when": {"form:direction": "incoming"},
                "id": "form:id", "from": "form:from", "to": "form:to", "text": "form:message"
              }
            }
            """#)
}
