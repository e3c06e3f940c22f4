internal import Foundation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// The account behind a port.
///
/// Sendable unchecked: all is touched on the event loop alone.
final class CarrierServer: @unchecked Sendable {
    private let loop: any EventLoop
    private let outage: Outage?
    private let poster: CallbackPoster
    private let writer: CallbackWriter
    private var account: Account
    /// Messages that have been taken and not been answered yet.
    private var underWay = 0
    private var hasHadOutage = false
    private var listener: (any Channel)?
    private var connections: [ObjectIdentifier: any Channel] = [:]
    private static let reach = 4096

    init(_ rules: AccountRules, outage: Outage?, poster: CallbackPoster, on loop: any EventLoop) {
        self.loop = loop
        self.outage = outage
        account = Account(rules)
        writer = CallbackWriter(account: rules.account, token: rules.token)
        self.poster = poster
        poster.finished = { [unowned self] job, status in account.finished(job.callback, answer: status) }
    }

    /// - Returns: the port.
    func listen(_ port: Int) async throws -> Int {
        let channel = try await bind(port).get()
        return channel.localAddress?.port ?? 0
    }

    private func bind(_ port: Int) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Int32(Self.reach))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(CarrierConnection(server: self))
                    let name = ObjectIdentifier(channel)
                    self.connections[name] = channel
                    channel.closeFuture.assumeIsolated().whenComplete { _ in self.connections[name] = nil }
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .map { channel in
                self.listener = channel
                return channel
            }
    }

    fileprivate func react(to request: CarrierRequest) -> Reaction {
        if request.method == "GET", request.path == "/progress" {
            return Reaction(body: account.ledger.progress)
        }
        if request.method == "POST", request.path == "/callbacks" { return postHeld(request.query) }
        if request.method == "GET", request.path == "/ledger" {
            guard let json = try? JSONEncoder().encode(account.ledger) else { return Reaction(status: 500) }
            return Reaction(body: String(decoding: json, as: UTF8.self))
        }
        let reaction = account.react(to: request, underWay: underWay, now: Int64(Date().timeIntervalSince1970 * 1000))
        if let place = reaction.taken {
            underWay += 1
            tell(about: place)
            if let outage, !hasHadOutage, place + 1 >= outage.after { begin(outage) }
        }
        return reaction
    }

    fileprivate var latency: TimeAmount { .milliseconds(account.rules.latency) }

    fileprivate func ended(_ reaction: Reaction) {
        if reaction.taken != nil { underWay -= 1 }
    }

    fileprivate func answered(_ place: Int) { account.update(place) { $0.isAnswered = true } }

    private func tell(about place: Int) {
        let message = account.ledger.messages[place]
        guard let url = message.callback, let target = CallbackTarget(url) else { return }
        var chance = Chance(seed: account.rules.seed, message.body, "callbacks", message.sid)
        guard !account.rules.areCallbacksHeld else { return account.update(place) { $0.final = "delivered" } }
        let (final, callbacks) = account.rules.callbacks.draw(place: place, &chance)
        account.update(place) { $0.final = final }
        account.expectCallbacks(callbacks.count)
        for callback in callbacks {
            loop.assumeIsolated().scheduleTask(in: .milliseconds(callback.delay)) { [self] in
                let request = writer.request(callback, of: account.ledger.messages[place], to: url)
                poster.post(CallbackPoster.Job(callback: callback, target: target, request: request))
            }
        }
    }

    /// Posts what every message has come to, each signed for the URL that the message named, to the server of another
    /// one, as a proxy would. All are signed before the first is posted, so that posting costs little else.
    private func postHeld(_ query: String) -> Reaction {
        guard account.rules.areCallbacksHeld, let url = Form(Array(query.utf8))?["at"], let server = CallbackTarget(url)
        else { return Reaction(status: 400) }
        let jobs = account.ledger.messages.enumerated().compactMap { place, message -> CallbackPoster.Job? in
            guard let url = message.callback, let target = CallbackTarget(url) else { return nil }
            let callback = Callback(place: place, status: message.final, delay: 0)
            return CallbackPoster.Job(
                callback: callback, target: target.moved(to: server),
                request: writer.request(callback, of: message, to: url))
        }
        account.expectCallbacks(jobs.count)
        for job in jobs { poster.post(job) }
        return Reaction(status: 202)
    }

    /// Out of reach: nothing is listening, and what was connected is cut off.
    private func begin(_ outage: Outage) {
        guard let listener, let port = listener.localAddress?.port else { return }
        hasHadOutage = true
        loop.assumeIsolated().execute { [self] in
            listener.close(promise: nil)
            for connection in Array(connections.values) { connection.close(promise: nil) }
            loop.assumeIsolated().scheduleTask(in: .milliseconds(outage.milliseconds)) { self.rebind(port) }
        }
    }

    private func rebind(_ port: Int) {
        bind(port).assumeIsolated().whenFailure { _ in
            // Somebody else has it for the moment.
            self.loop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { self.rebind(port) }
        }
    }
}

/// One connection to the account, with one request at a time.
private final class CarrierConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: CarrierServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(server: CarrierServer) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.removeAll(keepingCapacity: true)
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head = head.take() else { return }
            let target = head.uri.split(separator: "?", maxSplits: 1)
            let request = CarrierRequest(
                method: head.method.rawValue, path: target.first.map(String.init) ?? "",
                query: target.count == 2 ? String(target[1]) : "",
                authorization: head.headers.first(name: "Authorization"),
                contentType: head.headers.first(name: "Content-Type"), body: body)
            perform(server.react(to: request), context, isKept: head.isKeepAlive)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func perform(_ reaction: Reaction, _ context: ChannelHandlerContext, isKept: Bool) {
        if case .silence = reaction.end { return server.ended(reaction) }
        guard server.latency > .zero, !reaction.isAtOnce else { return write(reaction, context, isKept: isKept) }
        context.eventLoop.assumeIsolated().scheduleTask(in: server.latency) {
            self.write(reaction, context, isKept: isKept)
        }
    }

    private func write(_ reaction: Reaction, _ context: ChannelHandlerContext, isKept: Bool) {
        server.ended(reaction)
        guard context.channel.isActive else { return }
        switch reaction.end {
        case .silence: return
        case .close: return context.close(promise: nil)
        case .reset:
            let channel = context.channel
            let provider = channel as? any SocketOptionProvider
            provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
            return
        case .answer: break
        }
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reaction.status))
        head.headers.add(name: "Content-Type", value: reaction.contentType)
        head.headers.add(name: "Content-Length", value: String(reaction.body.utf8.count))
        if let seconds = reaction.retryAfterSeconds { head.headers.add(name: "Retry-After", value: String(seconds)) }
        if !isKept { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let buffer = context.channel.allocator.buffer(string: reaction.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if let place = reaction.taken, reaction.status == 201 { server.answered(place) }
        if !isKept { context.close(promise: nil) }
    }
}
