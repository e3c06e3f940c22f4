internal import GatewayTestKit
internal import NIOCore
internal import RPCWire
internal import SMSModel
internal import Testing

@testable internal import RPCTransport

/// The one who gets a place, at each bound.
@Suite struct ConnectionPlacesTests {
    private typealias Place = ConnectionPlaces.Place

    private let one = PeerOrigin.ipv4(1)
    private let other = PeerOrigin.ipv4(2)
    private let operatorsUser = PeerOrigin.uid(0)

    private func places(
        all: Int = 100, ofUnix: Int = 0, strangers: Int = 100, ofOrigin: Int = 100, ofOwner: Int = 100, told: Int = 0
    ) -> SharedPlaces {
        SharedPlaces(
            ConnectionBounds(
                all: all, ofUnix: ofUnix, strangers: strangers, strangersOfOrigin: ofOrigin, ofOwner: ofOwner,
                told: told))
    }

    /// - Returns: the place that it has then; nil if it was refused.
    private func identified(_ place: inout Place, as owner: UInt64?, _ places: SharedPlaces) -> Place? {
        places.identified(&place, as: owner) ? place : nil
    }

    @Test func beyondTheBoundSomeAreToldAndTheOthersClosed() {
        let places = places(all: 2, told: 1)
        #expect(places.opened(from: one) == .stranger(one) && places.opened(from: other) == .stranger(other))
        #expect(places.opened(from: one) == .told)
        #expect(places.opened(from: one) == nil)
        #expect(places.count == 3)
        places.closed(.told)
        #expect(places.opened(from: one) == .told)
        places.closed(.stranger(one))
        #expect(places.opened(from: one) == .stranger(one))
    }

    @Test func strangersAreFew() throws {
        let places = places(strangers: 2)
        var first = try #require(places.opened(from: one))
        let second = try #require(places.opened(from: other))
        #expect(places.opened(from: .ipv4(3)) == nil)
        // Who has shown a credential is no stranger any more.
        let result1 = identified(&first, as: 7, places)
        #expect(result1 == .owned(7))
        let third = try #require(places.opened(from: .ipv4(3)))
        #expect(places.opened(from: .ipv4(4)) == nil)
        places.closed(second)
        places.closed(third)
        #expect(places.opened(from: .ipv4(4)) != nil)
        places.closed(first)
        #expect(places.count == 1)
    }

    @Test func anAddressHasItsShareOfStrangers() throws {
        let places = places(ofOrigin: 2)
        var first = try #require(places.opened(from: one))
        #expect(places.opened(from: one) != nil && places.opened(from: one) == nil)
        #expect(places.opened(from: other) != nil)
        let result2 = identified(&first, as: nil, places)
        #expect(result2 == .owned(nil))
        #expect(places.opened(from: one) != nil && places.opened(from: one) == nil)
    }

    @Test func anOwnerHasItsShare() throws {
        let places = places(ofOwner: 2)
        var held: [Place] = []
        for _ in 0..<2 {
            var place = try #require(places.opened(from: one))
            let result3 = identified(&place, as: 7, places)
            #expect(result3 == .owned(7))
            held.append(place)
        }
        var third = try #require(places.opened(from: one))
        let result4 = identified(&third, as: 7, places)
        #expect(result4 == nil && third == .stranger(one))
        let result5 = identified(&third, as: 8, places)
        #expect(result5 == .owned(8))
        places.closed(held[0])
        var fourth = try #require(places.opened(from: one))
        let result6 = identified(&fourth, as: 7, places)
        #expect(result6 == .owned(7))
        // Once it is somebody's it stays so.
        let result7 = identified(&fourth, as: 8, places)
        #expect(result7 == .owned(7))
    }

    /// Strangers by the network take neither the places of the Unix sockets nor their users' way in.
    @Test func unixSocketsHavePlacesOfTheirOwn() throws {
        let places = places(all: 2, ofUnix: 1, strangers: 2)
        var network = [try #require(places.opened(from: one)), try #require(places.opened(from: other))]
        #expect(places.opened(from: one) == nil)
        var own = try #require(places.opened(from: operatorsUser))
        #expect(places.opened(from: operatorsUser) == nil)
        let result8 = identified(&own, as: 7, places)
        #expect(result8 == .owned(7))
        // All that is left is the Unix socket's.
        places.closed(own)
        #expect(places.opened(from: one) == nil)
        let unknown = try #require(places.opened(from: .unknown))
        places.closed(unknown)
        places.closed(network.removeLast())
        #expect(places.opened(from: other) != nil)
    }

    /// An owner who has used up his share still gets in by a Unix socket.
    @Test func anOperatorsKeyIsGoodBeyondItsShare() throws {
        let places = places(ofUnix: 1, ofOwner: 1)
        var first = try #require(places.opened(from: one))
        let result9 = identified(&first, as: 7, places)
        #expect(result9 == .owned(7))
        var second = try #require(places.opened(from: operatorsUser))
        let result10 = identified(&second, as: 7, places)
        #expect(result10 == .beyondShare)
        var third = try #require(places.opened(from: operatorsUser))
        let result11 = identified(&third, as: 7, places)
        #expect(result11 == nil)
        places.closed(second)
        let result12 = identified(&third, as: 7, places)
        #expect(result12 == .beyondShare)
    }

    /// Whatever comes and goes, what is counted comes back to nothing.
    @Test func allThatIsTakenIsGivenBack() {
        var random = SeededGenerator(seed: 17)
        let places = places(all: 20, ofUnix: 3, strangers: 8, ofOrigin: 3, ofOwner: 4, told: 2)
        var held: [Place] = []
        for _ in 0..<5000 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let origins: [PeerOrigin] = [one, other, .ipv6(1), operatorsUser, .unknown]
                if let place = places.opened(from: origins.randomElement(using: &random)!) { held.append(place) }
            case 1:
                guard let index = held.indices.randomElement(using: &random), held[index] != .told else { continue }
                _ = places.identified(&held[index], as: UInt64.random(in: 0..<3, using: &random))
            default:
                guard let index = held.indices.randomElement(using: &random) else { continue }
                places.closed(held.remove(at: index))
            }
            #expect(places.count == held.count)
            let told = held.count { $0 == .told }
            #expect(told <= 2 && held.count - told <= 23)
        }
        for place in held { places.closed(place) }
        #expect(places.count == 0)
        for _ in 0..<3 { #expect(places.opened(from: one) == .stranger(one)) }
    }
}

/// The same at the running server.
@Suite(.timeLimit(.minutes(1))) struct ConnectionBoundTests {
    private func goAway(_ client: RawClient) async throws -> GoAway? {
        while let frame = try await client.next() {
            if frame.type == .goAway { return try frame.decode(GoAway.self) }
        }
        return nil
    }

    @Test func whoBringsNoCredentialIsSentAway() async throws {
        try await withServer {
            $0.handshake = .seconds(1)
            $0.credential = .milliseconds(10)
        } _: { server, _ in
            let stranger = try await RawClient(server)
            #expect(try await stranger.hello() != nil)
            let word = try #require(try await goAway(stranger))
            #expect(word.status == UInt32(StatusCode.unauthenticated.rawValue))
            #expect(word.message == "no credential came in time")
            #expect(try await stranger.next() == nil)
        }
    }

    @Test func aCredentialOfARequestIsOneToo() async throws {
        try await withServer {
            $0.handshake = .seconds(5)
            $0.credential = .milliseconds(5)
            $0.strangers = 1
        } _: { server, _ in
            let client = try await RawClient(server)
            #expect(try await client.hello() != nil)
            try await client.send(request(1, key: "key-anna"))
            #expect(try await client.next()?.code == 0)
            // The one place for strangers is free again.
            let next = try await RawClient(server)
            #expect(try await next.hello(ClientHello(credential: "key-anna")) != nil)
            let third = try await RawClient(server)
            #expect(try await third.hello(ClientHello(credential: "key-bert")) != nil)
        }
    }

    @Test func oneOwnerLeavesPlacesToOthers() async throws {
        try await withServer {
            $0.connectionsOfOwner = 1
        } _: { server, _ in
            let first = try await RawClient(server)
            #expect(try await first.hello(ClientHello(credential: "key-anna")) != nil)
            let second = try await RawClient(server)
            try await second.send { $0.appendHello(ClientHello(credential: "key-anna")) }
            let word = try #require(try await goAway(second))
            #expect(word.status == UInt32(StatusCode.resourceExhausted.rawValue))
            #expect(word.message == "this tenant has as many connections as one may have")
            // A request's own credential has no more.
            let third = try await RawClient(server)
            _ = try await third.hello()
            try await third.send(request(1, key: "key-anna"))
            let answer = try #require(try await third.next())
            #expect(answer.error.code == .resourceExhausted && answer.error.notProcessed)
            third.close()
            let other = try await RawClient(server)
            #expect(try await other.hello(ClientHello(credential: "key-bert")) != nil)
            first.close()
            try await until { server.connectionCount == 1 }
            let again = try await RawClient(server)
            #expect(try await again.hello(ClientHello(credential: "key-anna")) != nil)
        }
    }

    @Test func beyondThoseThatAreToldConnectionsAreClosed() async throws {
        try await withServer {
            $0.connections = 1
            $0.connectionsTold = 1
            $0.linger = .seconds(60)
        } _: { server, _ in
            let first = try await RawClient(server)
            #expect(try await first.hello() != nil)
            let told = try await RawClient(server, staysOpen: true)
            try await until { server.connectionCount == 2 }
            let closed = try await RawClient(server)
            #expect(await closed.rest() == [])
            #expect(try await goAway(told)?.status == UInt32(StatusCode.resourceExhausted.rawValue))
        }
    }
}
