internal import GatewayCore
internal import HTTPTransport
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Providers
internal import SMSModel
internal import Synchronization

/// Answers each request.
final class WebResponder: Sendable {
    /// Nothing more is read of a connection whose last answer was given.
    struct ConnectionEnded: Error {}

    private let options: WebServerOptions
    private let carriers: CarrierIngress
    private let health: @Sendable () -> GatewayHealth
    private let webhooks = Atomic<Int>(0)

    init(
        options: WebServerOptions, carriers: CarrierIngress, health: @escaping @Sendable () -> GatewayHealth
    ) {
        self.options = options
        self.carriers = carriers
        self.health = health
    }

    func respond(
        to request: Request, isSecure: Bool, by writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        let route = WebRoute(target: request.head.path ?? "")
        let method = request.method.rawValue
        if route == .unknown {
            return try await answer(request, .init(status: 404, error: "not found"), by: writer, on: channel)
        }
        guard route.methods.contains(method) else {
            let reply = WebhookReply(status: 405, error: "method not allowed")
            return try await answer(request, reply, allow: route.methods, by: writer, on: channel)
        }
        guard case .webhook(let provider) = route else {
            let health = WebHealth(health())
            let reply = WebhookReply(
                status: health.isGood ? 200 : 503, contentType: WebhookReply.json, body: health.json)
            return try await answer(request, reply, by: writer, on: channel)
        }
        guard webhooks.add(1, ordering: .relaxed).newValue <= options.webhooksInFlight else {
            webhooks.subtract(1, ordering: .relaxed)
            return try await refuse(request, by: writer, on: channel)
        }
        let reply: WebhookReply
        let isBodyRead: Bool
        do {
            defer { webhooks.subtract(1, ordering: .relaxed) }
            (reply, isBodyRead) = try await take(request, for: provider, isSecure: isSecure, writer)
        }
        try await answer(request, reply, isBodyRead: isBodyRead, by: writer, on: channel)
    }

    /// - Throws: if the body is cut short.
    private func take(
        _ request: Request, for provider: String, isSecure: Bool, _ writer: borrowing ResponseWriter
    ) async throws -> (WebhookReply, isBodyRead: Bool) {
        guard let url = url(of: request, isSecure: isSecure) else {
            return (WebhookReply(status: 400, error: "the Host header is missing or none"), false)
        }
        let announced = Announced(request.headers)
        if let refusal = announced.refusal { return (refusal, false) }
        if announced.expectation != nil { try await writer.writeInformationalHead(.init(status: .continue)) }
        guard let body = try await Self.body(of: request, length: announced.length) else {
            return (Self.tooLarge, false)
        }
        let webhook = Self.webhook(request, url: url, body: body)
        guard body.count > Self.bodyBytesOnLoop else { return (await carriers.receive(webhook, for: provider), true) }
        let reply = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await carriers.receive(webhook, for: provider)
        }
        return (reply, true)
    }

    /// Tells that there is too much at once.
    func refuse(_ request: Request, by writer: consuming ResponseWriter, on channel: any Channel) async throws {
        let reply = WebhookReply(
            status: 503, error: "too much at once, try again later", retryAfterSeconds: Limits.webRetryAfterSeconds)
        try await answer(request, reply, closes: true, by: writer, on: channel)
    }

    // MARK: What was asked

    /// The URL as the carrier knows it; nil if nothing says what stands before the path.
    private func url(of request: Request, isSecure: Bool) -> String? {
        let target = request.head.path ?? ""
        if let prefix = options.publicURL { return prefix.text + target }
        // A second one stays among the headers.
        guard let host = request.head.authority, PublicURL.isAuthority(host), !request.headers.contains(Self.host)
        else { return nil }
        return "\(isSecure ? "https" : "http")://\(host)\(target)"
    }

    private static let host = HTTPField.Name("host") ?? .accept

    /// A larger body takes its time to be proven, also one that nobody signed: other connections don't wait for that.
    private static let bodyBytesOnLoop = 8 * 1024

    private static let tooLarge = WebhookReply(status: 413, error: "the body is too large")

    /// What the headers say of the body before it is read, found in one pass over them.
    private struct Announced {
        /// nil without a `Content-Length`.
        var length: Int?
        var expectation: String?
        private var isTooLarge = false

        init(_ headers: HTTPFields) {
            for field in headers {
                if field.name == .contentLength {
                    // Of several, none is to be believed.
                    isTooLarge = isTooLarge || length != nil
                    length = Int(field.value)
                    if length.map({ $0 > Limits.webhookBodyBytes }) ?? true { isTooLarge = true }
                } else if field.name == .expect {
                    expectation = expectation.map { "\($0), \(field.value)" } ?? field.value
                }
            }
        }

        /// What is answered without reading the body.
        var refusal: WebhookReply? {
            if isTooLarge { return tooLarge }
            if let expectation, expectation.lowercased() != "100-continue" {
                return WebhookReply(status: 417, error: "the expectation cannot be met")
            }
            return nil
        }
    }

    /// - Parameter length: as it was announced, within the bound.
    /// - Returns: nil if it is too large.
    /// - Throws: if it is cut short.
    private static nonisolated(nonsending) func body(of request: Request, length: Int?) async throws -> [UInt8]? {
        var body: [UInt8] = []
        for try await part in request.body {
            guard body.count + part.readableBytes <= Limits.webhookBodyBytes else { return nil }
            body += part.readableBytesView
        }
        if let length, length != body.count { throw ConnectionEnded() }
        return body
    }

    private static func webhook(_ request: Request, url: String, body: [UInt8]) -> WebhookRequest {
        let target = request.head.path ?? ""
        return WebhookRequest(
            // Who asks for the head alone gets what a GET gives, without its body.
            method: request.method == .head ? "GET" : request.method.rawValue, url: url,
            query: target.utf8.firstIndex(of: UInt8(ascii: "?")).map { mark in
                String(target[target.utf8.index(after: mark)...])
            } ?? "",
            headers: request.headers.map { HTTPHeader($0.name.canonicalName, $0.value) }, body: body)
    }

    // MARK: What is answered

    /// - Parameters:
    ///   - isBodyRead: else a request that has a body is the connection's last.
    ///   - closes: the connection ends with it.
    private func answer(
        _ request: Request, _ reply: WebhookReply, allow: [String] = [], isBodyRead: Bool = false,
        closes: Bool = false, by writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        let isLast = closes || !isBodyRead && Self.hasBody(request.headers)
        var head = HTTPResponse(status: .init(code: (200...599).contains(reply.status) ? reply.status : 500))
        head.headerFields[.cacheControl] = "no-store"
        if !allow.isEmpty { head.headerFields[.allow] = allow.joined(separator: ", ") }
        if let seconds = reply.retryAfterSeconds { head.headerFields[.retryAfter] = String(seconds) }
        if isLast { head.headerFields[.connection] = "close" }
        let body = reply.contentType.isEmpty || reply.status == 204 ? "" : reply.body
        if !body.isEmpty { head.headerFields[.contentType] = reply.contentType }
        if reply.status != 204 { head.headerFields[.contentLength] = String(body.utf8.count) }
        if body.isEmpty || request.method == .head {
            try await writer.writeResponse(head)
        } else {
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        }
        guard isLast else { return }
        try? await channel.closeFuture.get()
        throw ConnectionEnded()
    }

    private static func hasBody(_ headers: HTTPFields) -> Bool {
        headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
    }
}
