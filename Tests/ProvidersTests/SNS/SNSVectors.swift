internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import Testing

@testable internal import Providers

/// Notifications that another implementation signed, each whole and with something wrong.
struct SNSVector: Sendable {
    var fields: [String: String]
    /// SHA-256 of the text that is signed.
    var textHash: String

    static let certificateURL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
    static let topic = "arn:aws:sns:us-east-1:123456789012:sms-status"
    /// 2026-03-14T15:09:26.535Z
    static let time: Int64 = 1_773_500_966_535

    init(_ fields: [String: String], textHash: String) {
        let common = [
            "TopicArn": Self.topic, "Timestamp": "2026-03-14T15:09:26.535Z", "SigningCertURL": Self.certificateURL,
        ]
        self.fields = common.merging(fields) { $1 }
        self.textHash = textHash
    }

    func changed(_ name: String, _ value: String?) -> SNSVector {
        var vector = self
        vector.fields[name] = value
        return vector
    }

    var body: [UInt8] { Array(JSONValue.object(named: fields.mapValues { .string($0) }).text.utf8) }

    static let withSubject = SNSVector(
        [
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "Subject": "My First Message", "Message": "Hello \"world\" é€😀\nline 2", "SignatureVersion": "2",
            "Signature":
                "gtI5LSDtrRZRBwblZiC1pWhB57dnNge9l3CXN9sxVhYkxZk1Jo5BufHy++zKd/HtJFx0qtdRo07mzgjC+8xgFV8deCNOAiyWVljI"
                + "Zy7O9NGLNkJcx+c8Zu6LvBaEXNmtYW3k4tnLgiqVu1Z1A6WXvFZWityzg11DF1RzVW9I3RvMLkEOMDPwYH8c56Vet1s0zqdV51ZH"
                + "6uBs26I4G9ukLPiXFlLG9QeLD9pA17XWY1TZdjXAYZ/rHwMj13ezu8duVtCB8eZnhWGqxklJvZGZjHpA9T8Tx/3VqUpPPJgE59mq"
                + "9LOmrbCyR5ay7QprQRrBe0mh0ErWlkIV2SYljN6iLg==",
        ], textHash: "1173dea49f26dab9473823a64826bbdb9649456e317ea82a24aa77a2824596e4")
    static let overSHA1 = SNSVector(
        [
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325", "Message": #"{"a":1}"#,
            "SignatureVersion": "1",
            "Signature":
                "rKrGvfo8xvEt9NuS7PHlC9kNtbu5xCzyxKkJ9mV1SsyjfX2HvkclPkglQWNF7am4Z7SlnjkLXt9oDyQ9uhC5gfSOAjnF0L1D7tRy"
                + "mBc6WsYuhDKWs/HFgXh0h9RMqYIrlZr0PMFNnv06drz0q6nVUSOtTHMtjmawbxyRnaoPNMLW+2S2Wsshs80nbFpGjA4CUb8GoI8m"
                + "b1vQ9Gp+y5IKpfKO+7Npuz+ik6RZ/t975ZKgm0Tlz9j9s1pULzQbf/FapXzq9yyOy+U9oWb4xyiIGIy33R7LQKbaT4O+NMrIeagE"
                + "JhvOSCnfPpvu9+mO/OjTT0STLswyf0tzwbfjI45WUA==",
        ], textHash: "c48956cbc818c2fe29b5cb34e220d01e69c096a0436cfa0d2a32ecdf2ee9607e")
    static let subscription = SNSVector(
        [
            "Type": "SubscriptionConfirmation", "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
            "Token": "2336412f37fb687f", "Message": "You have chosen to subscribe.",
            "SubscribeURL":
                "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37fb687f",
            "SignatureVersion": "2",
            "Signature":
                "NZrvZ4SmkQv2TQQspaOy2xEdCMGA9yHhFsggaEskNhhG8POjrsZmCRW5b6CEO27ckXlY0Oqm16VkcWQhXEEyJgTL0MOjEq7WZUwa"
                + "RN9twBW80F2Cfmkk200a7AU+iFfWC/B50+FFFp7u5Eqi+dWgNfQ4vZ2g+QWoR/0933zRuAhlLsCA+fUSuqS+mf5mCM0ptKlx0TiU"
                + "SX2jlyrCgzCh3hP79VCx7DRb0/LxBjU2zILvLl9KHzn8i4GPsIXBGGKd+ijzvY3X4q6hGlUzLEadmLC/Y6NtgGrP3ZP4lcrGQf89"
                + "copNUPaaUP45uEbT60Vg3tC6XcHnzLcf8UZGHFhR1A==",
        ], textHash: "b58aaf5fec7046ddb06ed62d5386e72e496f00c28786be5f4e0768869eeb2c2d")

    static let all = [withSubject, overSHA1, subscription]

    /// Made for itself, RSA 2048, of sns.amazonaws.com, from 2020 to 2045.
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIICsTCCAZmgAwIBAgIBATANBgkqhkiG9w0BAQsFADAcMRowGAYDVQQDDBFzbnMu
        YW1hem9uYXdzLmNvbTAeFw0yMDAxMDEwMDAwMDBaFw00NTAxMDEwMDAwMDBaMBwx
        GjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOC
        AQ8AMIIBCgKCAQEAt12QJdgQn/jaxxxgUxWJit48X4TScDDCzja8eeop4ZaJhrmi
        8FX2pmmSf8WPrq0oJR6ODU+GI3JRY4lZyI9uY/k91b5Km6gVWnAvC7r6TpC9Q0t1
        mZ/e/TDDxk38rlcRMSHl3sBTdld662vKV7ZpoqNVqHdamgr5YeYg6aaDLpCMCNki
        eqDWyzGGRTrn9/XS8l6MNTtiyMgbd4u2ap2I0Alc2VN2RcwoMJ+Xj07aOmdddZDk
        u4oOzkd73nPHXBjP2axXQkyiY3VhPjsOpFCaubUA60nrU3VZCi9+wG1fuousw8uW
        +xVflBGjwKMOmNCYmNfL3SXjYqtxIKTTBcr4XwIDAQABMA0GCSqGSIb3DQEBCwUA
        A4IBAQBvTuNP7gTXs/5A+KnQtpI1QszOoCoiwhTfDtnIvbVwBay6u0+Lt7fMrugn
        u5YDbQcuXa7/rTPa/OuKWRsVc62NONQlhy4pKS7uawogulLXxuqfG13t4S4XSIs0
        wbGXk/xyqB0DyCmxJVDyuFuy2Fmr+oTMGmIMmM35PReK1/BuF5XikGB5kiN47Cd0
        1h2v65Xp8ehPx7dYG1msOFse/C4H/gWNoDACrphxp1Iqa1o5ReT4J2TYrbjzpe1C
        vpzk1ynvNsAb2t0vnVhi0cBQ7H4QRHenE2A+Clg71cZB70krvjeaVEsDy12l0GVa
        JhY6qJwy9FL76wNY6jOj++7hFMTl
        -----END CERTIFICATE-----

        """
}
