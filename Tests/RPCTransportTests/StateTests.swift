internal import NIOCore
internal import RPCWire
internal import SMSModel
internal import Testing

@testable internal import RPCTransport

@Suite struct CallTableTests {
    @Test func behavesLikeASet() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            var table = CallTable()
            var set: Set<UInt32> = []
            // Few low bits differ, so that entries collide.
            let stride = [UInt32(1), 16, 1024, 1 << 20].randomElement(using: &random)!
            for _ in 0..<1000 {
                let id = (UInt32.random(in: 1...60, using: &random)) &* stride
                switch Int.random(in: 0..<3, using: &random) {
                case 0 where !set.contains(id):
                    table.insert(id)
                    set.insert(id)
                case 1: #expect(table.remove(id) == (set.remove(id) != nil))
                default: #expect(table.contains(id) == set.contains(id))
                }
                #expect(table.count == set.count)
            }
            for id in set { #expect(table.remove(id) == true) }
            #expect(table.isEmpty)
        }
    }

    @Test func largestIDFits() {
        var table = CallTable()
        table.insert(.max)
        #expect(table.contains(.max) && !table.contains(.max - 1))
        table.removeAll()
        #expect(!table.contains(.max))
        #expect(table.remove(.max) == false)
    }
}

@Suite struct ServerSessionTests {
    private func open(maximumCalls: Int = 2) -> ServerSession {
        var session = ServerSession(maximumCalls: maximumCalls)
        _ = session.helloReceived(ClientHello())
        session.opened()
        return session
    }

    @Test func helloChoosesVersionAndBound() {
        var session = ServerSession(maximumCalls: 1)
        let most = Limits.frameBytes
        #expect(session.helloReceived(ClientHello()) == .accept(maximumFrameBytes: most))
        #expect(session.helloReceived(ClientHello(versions: [7, 1])) == .accept(maximumFrameBytes: most))
        #expect(
            session.helloReceived(ClientHello(maximumFrameBytes: UInt32(Limits.minimumFrameBytes)))
                == .accept(maximumFrameBytes: Limits.minimumFrameBytes))
        #expect(session.helloReceived(ClientHello(maximumFrameBytes: .max)) == .accept(maximumFrameBytes: most))
        for versions in [[], [2]] as [[UInt32]] {
            guard case .refuse(.failedPrecondition, _) = session.helloReceived(ClientHello(versions: versions)) else {
                Issue.record("versions \(versions) were not refused")
                continue
            }
        }
        session.opened()
        guard case .refuse = session.helloReceived(ClientHello()) else {
            Issue.record("a second HELLO was accepted")
            return
        }
    }

    @Test func callIDsRise() {
        var session = open(maximumCalls: 10)
        #expect(session.requestReceived(5) == .take)
        for id in [UInt32(5), 4, 1] {
            guard case .violation = session.requestReceived(id) else {
                Issue.record("call id \(id) was taken after 5")
                continue
            }
        }
        #expect(session.requestReceived(6) == .take)
        #expect(session.requestReceived(.max) == .take)
    }

    @Test func requestsWaitForTheHello() {
        var session = ServerSession(maximumCalls: 1)
        guard case .violation = session.requestReceived(1) else {
            Issue.record("a request before the HELLO was taken")
            return
        }
    }

    @Test func callsInFlightAreBounded() {
        var session = open(maximumCalls: 2)
        #expect(session.requestReceived(1) == .take)
        #expect(session.requestReceived(2) == .take)
        #expect(session.requestReceived(3) == .refuseTooMany)
        #expect(session.answered(3) == false)
        #expect(session.answered(1) == true)
        #expect(session.requestReceived(4) == .take)
    }

    @Test func eachCallIsAnsweredOnce() {
        var session = open()
        _ = session.requestReceived(1)
        #expect(session.answered(1) == true)
        #expect(session.answered(1) == false)
        #expect(session.cancelReceived(1) == false)
        _ = session.requestReceived(2)
        #expect(session.cancelReceived(2) == true)
        #expect(session.cancelReceived(2) == false)
        #expect(session.answered(2) == false)
    }

    @Test func drainFinishesWhatWasTaken() {
        var session = open()
        _ = session.requestReceived(1)
        _ = session.requestReceived(2)
        #expect(session.drainStarted() == true)
        #expect(session.drainStarted() == false)
        #expect(session.lastCallID == 2)
        #expect(session.requestReceived(3) == .ignore)
        #expect(!session.isDrained)
        #expect(session.answered(1) == true)
        #expect(!session.isDrained)
        #expect(session.cancelReceived(2) == true)
        #expect(session.isDrained)
        #expect(session.lastCallID == 2)
    }

    @Test func nothingIsAnsweredOnceClosed() {
        var session = open()
        _ = session.requestReceived(1)
        session.closed()
        #expect(session.answered(1) == false)
        #expect(session.cancelReceived(1) == false)
        #expect(session.drainStarted() == false)
        #expect(session.requestReceived(2) == .ignore)
    }
}

@Suite struct ConnectionClockTests {
    private let options = {
        var options = RPCServerOptions(serverID: "", serverAgent: "")
        options.sweepInterval = .seconds(1)
        options.handshake = .seconds(10)
        options.credential = .seconds(10)
        options.keepalive = .seconds(60)
        options.keepaliveTimeout = .seconds(20)
        options.linger = .seconds(2)
        return options
    }()

    private func sweep(
        _ clock: inout ConnectionClock, _ now: Int, unsent: Int = 0, awaitsHello: Bool = false,
        isStranger: Bool = false, isPaused: Bool = false
    ) -> ConnectionClock.Action {
        clock.sweep(
            now: now, waiting: unsent, unsent: unsent, awaitsHello: awaitsHello, isStranger: isStranger,
            isPaused: isPaused, options: options)
    }

    @Test func helloMustComeInTime() {
        var clock = ConnectionClock()
        clock.opened(at: 5)
        clock.bytesRead(at: 14)
        #expect(sweep(&clock, 14, awaitsHello: true) == .nothing)
        #expect(sweep(&clock, 15, awaitsHello: true) == .refuseHandshake)
    }

    @Test func aCredentialMustComeInTime() {
        var clock = ConnectionClock()
        clock.opened(at: 5)
        clock.bytesRead(at: 24)
        #expect(sweep(&clock, 24, isStranger: true) == .nothing)
        #expect(sweep(&clock, 25) == .nothing)
        #expect(sweep(&clock, 25, isStranger: true) == .refuseStranger)
    }

    @Test func idlePeersArePingedThenCutOff() {
        var clock = ConnectionClock()
        clock.opened(at: 0)
        #expect(sweep(&clock, 59) == .nothing)
        #expect(sweep(&clock, 60) == .ping)
        #expect(sweep(&clock, 79) == .nothing)
        #expect(sweep(&clock, 80) == .abort)
    }

    @Test func anyBytesAreLife() {
        var clock = ConnectionClock()
        clock.opened(at: 0)
        #expect(sweep(&clock, 60) == .ping)
        clock.bytesRead(at: 79)
        #expect(sweep(&clock, 80) == .nothing)
        #expect(sweep(&clock, 138) == .nothing)
        #expect(sweep(&clock, 139) == .ping)
    }

    @Test func whoTakesNothingIsCutOff() {
        var clock = ConnectionClock()
        clock.opened(at: 0)
        clock.sent(1000)
        #expect(sweep(&clock, 10, unsent: 1000, isPaused: true) == .nothing)
        #expect(sweep(&clock, 19, unsent: 1000, isPaused: true) == .nothing)
        #expect(sweep(&clock, 20, unsent: 1000, isPaused: true) == .abort)
    }

    @Test func slowProgressIsProgress() {
        var clock = ConnectionClock()
        clock.opened(at: 0)
        clock.sent(1000)
        for now in 1...100 {
            #expect(sweep(&clock, now * 19, unsent: 1000 - now, isPaused: true) == .nothing)
        }
        #expect(sweep(&clock, 1919, unsent: 900, isPaused: true) == .nothing)
        #expect(sweep(&clock, 1920, unsent: 900, isPaused: true) == .abort)
    }

    @Test func anEndedConnectionLingersALittle() {
        var clock = ConnectionClock()
        clock.opened(at: 0)
        clock.bytesRead(at: 99)
        #expect(sweep(&clock, 100) == .nothing)
        clock.ended(at: 100)
        clock.sent(10)
        #expect(sweep(&clock, 101, unsent: 10) == .nothing)
        #expect(clock.outputShut(at: 103) == true)
        #expect(clock.outputShut(at: 104) == false)
        #expect(sweep(&clock, 104) == .nothing)
        #expect(sweep(&clock, 105) == .abort)
    }
}

@Suite struct ClientSessionTests {
    private let hello = ServerHello(serverID: "s", serverAgent: "a")

    @Test func callsBeginAfterTheHello() {
        var session = ClientSession()
        #expect(!session.takesCalls)
        #expect(session.helloReceived(hello) == nil)
        #expect(session.takesCalls)
        #expect(session.callBegan() == 1)
        #expect(session.callBegan() == 2)
        #expect(session.helloReceived(hello) != nil)
    }

    @Test func unusableHellosAreRefused() {
        for change in [
            { $0.version = 2 }, { $0.maximumFrameBytes = UInt32(Limits.minimumFrameBytes - 1) },
            { $0.maximumCallsInFlight = 0 },
        ] as [(inout ServerHello) -> Void] {
            var session = ClientSession()
            var bad = hello
            change(&bad)
            #expect(session.helloReceived(bad) != nil)
        }
    }

    @Test func idsRunOut() {
        var session = ClientSession(lastUsableID: 2)
        _ = session.helloReceived(hello)
        _ = session.callBegan()
        #expect(session.takesCalls)
        #expect(session.callBegan() == 2)
        #expect(!session.takesCalls)
    }

    @Test func whatNeverLeftIsSurelyNotProcessed() {
        var session = ClientSession()
        _ = session.helloReceived(hello)
        _ = session.callBegan()
        session.flushed()
        _ = session.callBegan()
        #expect(session.closed() == 1)
        #expect(!session.takesCalls && session.isClosed)
    }

    @Test func aGoAwayNamesWhatIsNotProcessed() {
        var session = ClientSession()
        _ = session.helloReceived(hello)
        for _ in 0..<5 { _ = session.callBegan() }
        session.flushed()
        #expect(session.goAwayReceived(GoAway(status: .ok, message: "", lastCallID: 3)) == 3)
        #expect(!session.takesCalls && !session.isClosed)
    }
}

@Suite struct ReadBufferSizeTests {
    @Test func fullReadsGrowIt() {
        var size = ReadBufferSize()
        #expect(size.size == ReadBufferSize.smallest)
        #expect(size.record(actualReadBytes: ReadBufferSize.smallest - 1) == false)
        while size.size < ReadBufferSize.largest {
            let full = size.size
            #expect(size.record(actualReadBytes: full) == true)
            #expect(size.size > full)
        }
        #expect(size.record(actualReadBytes: ReadBufferSize.largest) == false)
        #expect(size.size == ReadBufferSize.largest)
    }
}

@Suite struct ServerAddressTests {
    @Test func addressesAreReadAndWritten() throws {
        let good: [(String, ServerAddress)] = [
            ("unix:/run/apus.sock", .unix(path: "/run/apus.sock")),
            ("unix:a:b", .unix(path: "a:b")),
            ("tcp:localhost:7100", .tcp(host: "localhost", port: 7100)),
            ("tcp:127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0)),
            ("tcp:[::1]:65535", .tcp(host: "::1", port: 65535)),
        ]
        for (text, address) in good {
            #expect(try ServerAddress(parsing: text) == address)
            #expect(address.description == text)
        }
    }

    @Test(arguments: [
        "", "unix", "unix:", "tcp:", "tcp:host", "tcp:host:", "tcp::1", "tcp:host:65536", "tcp:host:-1", "tcp:host:+1",
        "tcp:host:1x", "tcp:::1:80", "tcp:[::1]", "tcp:[host]:1", "tcp:[::1:80", "http:host:80", "host:80",
        "tcp:host:000001",
    ])
    func otherTextsAreNot(text: String) {
        #expect(throws: ServerAddress.ParseError.malformed(text)) { try ServerAddress(parsing: text) }
    }

    @Test func pathsHaveTheirBound() throws {
        let longest = String(repeating: "p", count: ServerAddress.unixPathBytes)
        #expect(try ServerAddress(parsing: "unix:" + longest) == .unix(path: longest))
        #expect(throws: ServerAddress.ParseError.self) { try ServerAddress(parsing: "unix:" + longest + "p") }
    }

    @Test func tlsIsRecognised() throws {
        #expect(try ServerAddress(parsing: "tls:host:1") == .tls(host: "host", port: 1))
        #expect(try ServerAddress(parsing: "tls:[::1]:1").description == "tls:[::1]:1")
        #expect(throws: ServerAddress.ParseError.malformed("tls:host")) { try ServerAddress(parsing: "tls:host") }
    }
}
