internal import ConfigurationModel
internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Trying providers out against stand-ins: nothing is sent.
@Suite(.timeLimit(.minutes(1))) struct ProviderCheckTests {
    private typealias Reaction = ScriptedHTTPServer.Reaction

    /// - Returns: the result, and what was asked.
    private func check(
        _ kind: ProviderSettings.Kind, _ options: [TextKey: JSONValue], _ secrets: [String: String],
        endpoint: String = "base_url", port: Int? = nil,
        _ react: @escaping @Sendable (ScriptedHTTPServer.Request) -> ScriptedHTTPServer.Reaction
    ) async throws -> (ProviderCheckResult, [ScriptedHTTPServer.Request]) {
        let server = try await ScriptedHTTPServer(react: react)
        let client = HTTPClient()
        var settings = ProviderSettings(kind: kind)
        settings.options = .object(
            options.merging([TextKey(endpoint): .string("http://127.0.0.1:\(port ?? server.port)")]) { $1 })
        settings.secrets = secrets
        let factory = ProviderFactory(client: client, receiptKey: [], publicURL: nil, now: { 0 })
        let check = try #require(try factory.make("p", settings).check)
        let result = await check.run()
        client.stop()
        await server.stop()
        return (result, server.requests)
    }

    private func twilio(
        key: Bool = false, port: Int? = nil,
        _ react: @escaping @Sendable (ScriptedHTTPServer.Request) -> ScriptedHTTPServer.Reaction
    ) async throws -> (ProviderCheckResult, [ScriptedHTTPServer.Request]) {
        var options: [TextKey: JSONValue] = [
            "account_sid": .string(TwilioStandIn.account), "sender": .string("+15005550006"),
        ]
        options["api_key_sid"] = key ? .string(TwilioStandIn.key.sid) : nil
        return try await check(
            .twilio, options, key ? ["api_key_secret": TwilioStandIn.key.secret] : ["auth_token": "t"], port: port,
            react)
    }

    @Test func twilioTakesTheToken() async throws {
        let (result, requests) = try await twilio { _ in
            .answer(200, "{\"sid\": \"\(TwilioStandIn.account)\", \"status\": \"active\", \"type\": \"Full\"}")
        }
        #expect(result == .passed(detail: "the account \(TwilioStandIn.account) is active"))
        #expect(requests.map(\.method) == ["GET"])
        #expect(requests.first?.target == "/2010-04-01/Accounts/\(TwilioStandIn.account).json")
        #expect(requests.first?.header("authorization")?.hasPrefix("Basic ") == true)
    }

    @Test func twilioTakesTheKey() async throws {
        let (result, requests) = try await twilio(key: true) { _ in .answer(200, "{\"messages\": []}") }
        #expect(result == .passed(detail: "the API key may use the account's messages"))
        #expect(
            requests.map(\.target) == ["/2010-04-01/Accounts/\(TwilioStandIn.account)/Messages.json?PageSize=1"])
    }

    @Test(arguments: [
        (200, "{\"sid\": \"AC1\", \"status\": \"suspended\"}", "refused ACCOUNT_SUSPENDED"),
        (401, "{\"code\": 20003, \"message\": \"Authenticate\", \"status\": 401}", "refused 20003"),
        (404, "{\"code\": 20404, \"message\": \"not found\", \"status\": 404}", "refused 20404"),
        (429, "{\"code\": 20429, \"message\": \"Too many\", \"status\": 429}", "inconclusive 20429"),
        (500, "{\"code\": 20500, \"message\": \"Internal\", \"status\": 500}", "inconclusive 20500"),
        (502, "<html/>", "inconclusive HTTP_502"), (200, "<html/>", "inconclusive HTTP_200"),
        (302, "", "inconclusive HTTP_302"),
    ]) func twilioSaysSomethingElse(_ status: Int, _ body: String, _ expected: String) async throws {
        let (result, _) = try await twilio { _ in .answer(status, body) }
        #expect(result.summary == expected)
    }

    @Test func nobodyAnswers() async throws {
        #expect(try await twilio { _ in .close }.0.summary == "inconclusive NO_ANSWER")
        // A port that nobody listens at: that of a server that has stopped.
        let server = try await ScriptedHTTPServer { _ in .close }
        let port = server.port
        await server.stop()
        #expect(try await twilio(port: port) { _ in .close }.0.summary == "inconclusive NOT_CONNECTED")
    }

    private func sns(_ status: Int, _ body: String) async throws -> (ProviderCheckResult, [ScriptedHTTPServer.Request])
    {
        try await check(
            .sns, ["region": .string("eu-central-1")], ["access_key_id": "AKID", "secret_access_key": "s"],
            endpoint: "endpoint"
        ) { _ in .answer(status, body, type: "text/xml") }
    }

    @Test func snsTakesTheKey() async throws {
        let (result, requests) = try await sns(
            200,
            """
            <GetSMSAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
              <GetSMSAttributesResult><attributes/></GetSMSAttributesResult>
            </GetSMSAttributesResponse>
            """)
        #expect(result == .passed(detail: "the credentials may use SNS in eu-central-1"))
        #expect(
            requests.map { String(decoding: $0.body, as: UTF8.self) } == ["Action=GetSMSAttributes&Version=2010-03-31"])
        #expect(requests.first?.header("authorization")?.contains("/eu-central-1/sns/aws4_request") == true)
    }

    @Test(arguments: [
        (403, "InvalidClientTokenId", "refused InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch", "refused SignatureDoesNotMatch"),
        (403, "AuthorizationError", "inconclusive AuthorizationError"),
        (400, "Throttling", "inconclusive Throttling"), (500, "InternalFailure", "inconclusive InternalFailure"),
        (502, "", "inconclusive HTTP_502"),
    ]) func snsSaysSomethingElse(_ status: Int, _ code: String, _ expected: String) async throws {
        let (result, _) = try await sns(
            status,
            code.isEmpty
                ? "<html>" : "<ErrorResponse><Error><Code>\(code)</Code><Message>m</Message></Error></ErrorResponse>")
        #expect(result.summary == expected)
    }

    @Test func theSandboxIsAlwaysThere() async throws {
        #expect(await SandboxCheck().run().summary == "passed")
    }
}

extension ProviderCheckResult {
    fileprivate var summary: String {
        switch self {
        case .passed: "passed"
        case .refused(let code, _): "refused \(code)"
        case .inconclusive(let code, _): "inconclusive \(code)"
        }
    }
}
