extension GenericPreset {
    /// Plivo's Message API, which signs all that it posts with the auth token.
    static let plivo = GenericPreset(
        name: "plivo",
        description: #"""
            {
              "authentication": {
                "scheme": "basic", "user": "{{option.auth_id}}", "password": "{{secret.auth_token}}"
              },
              "request": {
                "url": "https://api.plivo.com/v1/Account/{{option.auth_id}}/Message/",
                "json": {
                  "src?": "{{from}}",
                  "dst": "{{to}}",
                  "text": "{{text}}",
                  "url?": "{{callback}}",
                  "method": "POST"
                }
              },
              "answer": [
                {
                  "status": "200-299",
                  "when": {"/message_uuid/0": true},
                  "outcome": "accepted",
                  "id": "/message_uuid/0"
                },
                {"status": "401,404,405", "outcome": "account", "text": "/error"},
                {"status": "400", "when": {"/error": true}, "outcome": "route", "text": "/error"}
              ],
              "signature": {"scheme": "plivo-v3", "key": "{{secret.auth_token}}"},
              "receipt": {
                "token": "query:apus",
                "id": "form:MessageUUID",
                "parent": "form:ParentMessageUUID",
                "part": "form:PartInfo",
                "status": "form:Status",
                "error": "form:ErrorCode",
                "statuses": {
                  "delivered": "delivered",
                  "undelivered": "undelivered", "failed": "undelivered", "rejected": "undelivered",
                  "queued": "pending", "sent": "pending"
                }
              },
              "inbound": {"id": "form:MessageUUID", "from": "form:From", "to": "form:To", "text": "form:Text"}
            }
            """#)
}
