internal import Testing

@testable internal import Providers

/// What a notification may have fetched.
@Suite struct SNSURLTests {
    @Test(arguments: [
        ("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-01d0.pem", "sns.us-east-1.amazonaws.com"),
        ("https://sns.cn-north-1.amazonaws.com.cn/S-a_B.pem", "sns.cn-north-1.amazonaws.com.cn"),
        ("https://sns.us-gov-west-1.amazonaws.com/a.pem", "sns.us-gov-west-1.amazonaws.com"),
        ("https://sns.ap-southeast-12.amazonaws.com/a.pem", "sns.ap-southeast-12.amazonaws.com"),
        ("https://sns.eusc-de-east-1.amazonaws.com/a.pem", "sns.eusc-de-east-1.amazonaws.com"),
    ])
    func certificates(_ url: String, _ host: String) {
        #expect(SNSURL.certificateHost(url) == host)
    }

    @Test(arguments: [
        "", "https://", "http://sns.us-east-1.amazonaws.com/a.pem", "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com.evil.com/a.pem", "https://sns.us-east-1.amazonaws.com@evil.com/a.pem",
        "https://evil.com/sns.us-east-1.amazonaws.com/a.pem", "https://user@sns.us-east-1.amazonaws.com/a.pem",
        "https://user:pw@sns.us-east-1.amazonaws.com/a.pem", "https://sns.us-east-1.amazonaws.com:443/a.pem",
        "https://sns.us-east-1.amazonaws.com:8443/a.pem", "https://sns.us-east-1.amazonaws.com./a.pem",
        "https://sns.us-east-1%2eamazonaws.com/a.pem", "https://sns.us-east-1.amazonaws%2Ecom.evil.com/a.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.com/a.pem", "https://sns.us-east-1.amazonaws.com#@evil.com/a.pem",
        "https://sns.us-east-1.amazonaws.com?@evil.com/a.pem", "https://sns.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com/", "https://sns.us-east-1.amazonaws.com/.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem?x=y.pem", "https://sns.us-east-1.amazonaws.com/a.pem#.pem",
        "https://sns.us-east-1.amazonaws.com/../a.pem", "https://sns.us-east-1.amazonaws.com/%2e%2e.pem",
        "https://sns.us-east-1.amazonaws.com//a.pem", "https://sns.us-east-1.amazonaws.com/b/a.pem",
        "https://sns.us-east-1.amazonaws.com/?Action=x.pem", "https://sns.us-east-1.amazonaws.com/a.PEM",
        "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/a.pem", "https://sns.amazonaws.com/a.pem",
        "https://sns..amazonaws.com/a.pem", "https://sns.u.amazonaws.com/a.pem",
        "https://sns.bucket.s3.amazonaws.com/a.pem", "https://sns.US-EAST-1.amazonaws.com/a.pem",
        // What has no form of a region might be anything that somebody was given a name for.
        "https://sns.bucket.amazonaws.com/a.pem", "https://sns.us-east.amazonaws.com/a.pem",
        "https://sns.us-east-123.amazonaws.com/a.pem", "https://sns.us-1-east.amazonaws.com/a.pem",
        "https://sns.us--east-1.amazonaws.com/a.pem", "https://sns.-us-east-1.amazonaws.com/a.pem",
        "https://sns.users-east-1.amazonaws.com/a.pem", "https://sns.us-a-b-c-1.amazonaws.com/a.pem",
        "https://sns.us-east-1-.amazonaws.com/a.pem", "https://sns.us-e4st-1.amazonaws.com/a.pem",
        "https://xsns.us-east-1.amazonaws.com/a.pem", "https://sns.us-east-1.amazonaws.com.cn.evil/a.pem",
        "https://sns.us-east-1.amazonawsxcom/a.pem", "https://127.0.0.1/a.pem", "https://169.254.169.254/a.pem",
        "https://[::1]/a.pem", "https://0x7f000001/a.pem", "https://localhost/a.pem", "file:///etc/passwd.pem",
        " https://sns.us-east-1.amazonaws.com/a.pem", "https://sns.us-east-1.amazonaws.com/a.pem ",
        "https://sns.us-east-1.amazonaws.com/a\n.pem", "https://sns.us-east-1.amazonaws.com\u{0}/a.pem",
        "https://sns.us-éast-1.amazonaws.com/a.pem", "https://sns.us-east-1.amazonaws。com/a.pem",
        "//sns.us-east-1.amazonaws.com/a.pem", "https:/sns.us-east-1.amazonaws.com/a.pem",
    ])
    func otherCertificates(_ url: String) {
        #expect(SNSURL.certificateHost(url) == nil)
    }

    @Test func confirmations() {
        let host = "https://sns.eu-central-1.amazonaws.com"
        let arn = "arn:aws:sns:eu-central-1:123456789012:sms"
        #expect(SNSURL.isConfirmation("\(host)/?Action=ConfirmSubscription&TopicArn=\(arn)&Token=23ab"))
        for url in [
            host, "\(host)/", "\(host)/?Action=Unsubscribe&Token=1", "\(host)/x?Action=ConfirmSubscription",
            "\(host)/?Action=ConfirmSubscription&Action=Unsubscribe", "\(host)/?Action=ConfirmSubscription#x",
            "\(host):443/?Action=ConfirmSubscription", "\(host)?Action=ConfirmSubscription",
            "\(host).evil.com/?Action=ConfirmSubscription", "\(host)@evil.com/?Action=ConfirmSubscription",
            "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
            "https://10.0.0.1/?Action=ConfirmSubscription", "\(host)/?Action=ConfirmSubscription&x=a b",
        ] {
            #expect(!SNSURL.isConfirmation(url), "\(url)")
        }
    }

    @Test func authorities() {
        #expect(SNSURL.isIssuer("http://crt.r2m01.amazontrust.com/r2m01.cer"))
        #expect(SNSURL.isIssuer("http://crt.rootca1.amazontrust.com/rootca1.cer"))
        for url in [
            "", "http://127.0.0.1/r2m01.cer", "http://crt.amazontrust.com/a.cer",
            "http://crt.a.b.amazontrust.com/a.cer",
            "http://crt.a.amazontrust.com.evil.com/a.cer", "http://crt.a@evil.amazontrust.com/a.cer",
            "http://crt.a.amazontrust.com/../a.cer", "http://crt.a.amazontrust.com:80/a.cer",
            "http://crt.a.amazontrust.com/a.cer?x.cer", "http://crt.a.amazontrust.com/.cer",
            "ldap://crt.a.amazontrust.com/a.cer", "http://crt.a.amazontrust.com/b.amazontrust.com/c.cer",
        ] {
            #expect(!SNSURL.isIssuer(url), "\(url)")
        }
    }
}
