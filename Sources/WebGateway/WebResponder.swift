internal import GatewayCore
internal import HTTPTransport
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Providers
internal import SMSModel

/// Answers each request.
final class WebResponder: Sendable {
    /// Nothing more is read of a connection whose last answer was given.
    struct ConnectionEnded: Error {}

    private let options: WebServerOptions
    private let carriers: CarrierIngress
    private let health: @Sendable () -> GatewayHealth
    private let origins: ClientOrigin
    private let places: WebhookPlaces
    /// The thread that large bodies are proven on.
    private let bodies: EventLoopExecutor

    init(
        options: WebServerOptions, carriers: CarrierIngress, origins: ClientOrigin, bodies: EventLoopExecutor,
        health: @escaping @Sendable () -> GatewayHealth
    ) {
        self.options = options
        self.carriers = carriers
        self.origins = origins
        self.bodies = bodies
        self.health = health
        places = WebhookPlaces(
            inFlight: options.webhooksInFlight, bodyBytes: options.bodyBytes,
            perAddress: options.connectionsPerAddress)
    }

    func respond(
        to request: Request, isSecure: Bool, by writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        let route = WebRoute(target: request.head.path ?? "")
        let method = request.method.rawValue
        if route == .unknown {
            let reply = WebReply(status: 404, error: "not found")
            return try await answer(request, reply, by: writer, on: channel)
        }
        guard route.methods.contains(method) else {
            let reply = WebReply(status: 405, error: "method not allowed")
            return try await answer(request, reply, allow: route.methods, by: writer, on: channel)
        }
        guard case .webhook(let provider) = route else {
            let health = WebHealth(health())
            let reply = WebReply(status: health.isGood ? 200 : 503, contentType: WebReply.json, body: health.json)
            return try await answer(request, reply, by: writer, on: channel)
        }
        guard carriers.isOpen(for: provider) else {
            return try await answer(request, .noProvider, by: writer, on: channel)
        }
        let client = origins.behindProxy(channel, request.headers)
        if let client, !places.enter(client) { return try await refuse(request, by: writer, on: channel) }
        let reply: WebReply
        let isBodyRead: Bool
        do {
            defer { if let client { places.leave(client) } }
            (reply, isBodyRead) = try await take(request, for: provider, isSecure: isSecure, writer)
        }
        try await answer(request, reply, isBodyRead: isBodyRead, by: writer, on: channel)
    }

    /// - Throws: if the body is cut short.
    private func take(
        _ request: Request, for provider: String, isSecure: Bool, _ writer: borrowing ResponseWriter
    ) async throws -> (WebReply, isBodyRead: Bool) {
        guard let url = url(of: request, isSecure: isSecure) else {
            return (WebReply(status: 400, error: "the Host header is missing or none"), false)
        }
        let announced = Announced(request.headers)
        if let refusal = announced.refusal { return (refusal, false) }
        if announced.expectation != nil { try await writer.writeInformationalHead(.init(status: .continue)) }
        var body: [UInt8] = []
        var counted = 0
        defer { places.removeBytes(counted) }
        for try await part in request.body {
            let count = part.readableBytes
            guard body.count + count <= Limits.webhookBodyBytes else { return (.tooLarge, false) }
            guard places.addBytes(count) else { return (.tooMuch, false) }
            counted += count
            body += part.readableBytesView
        }
        // Cut short.
        if let length = announced.length, length != body.count { throw ConnectionEnded() }
        let webhook = Self.webhook(request, url: url, body: body)
        // From here on it is the gateway's turn, and it counts.
        guard places.begin() else { return (.tooMuch, true) }
        defer { places.end() }
        guard body.count > Self.bodyBytesOnLoop else {
            return (WebReply(await carriers.receive(webhook, for: provider)), true)
        }
        let result = await withTaskExecutorPreference(bodies) { await carriers.receive(webhook, for: provider) }
        return (WebReply(result), true)
    }

    /// Tells that there is too much at once.
    func refuse(_ request: Request, by writer: consuming ResponseWriter, on channel: any Channel) async throws {
        try await answer(request, .tooMuch, closes: true, by: writer, on: channel)
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

    /// A larger body takes its time to be proven, also one that nobody signed: it is done on a thread of its own, for
    /// which neither other connections nor signatures of tokens wait.
    private static let bodyBytesOnLoop = 8 * 1024

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
        var refusal: WebReply? {
            if isTooLarge { return .tooLarge }
            if let expectation, expectation.lowercased() != "100-continue" {
                return WebReply(status: 417, error: "the expectation cannot be met")
            }
            return nil
        }
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
        _ request: Request, _ reply: WebReply, allow: [String] = [], isBodyRead: Bool = false,
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
