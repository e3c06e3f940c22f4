import Testing

@testable import HTTPTransport

/// What epoll is told. 1 and 4 are any events.
@Suite struct SocketWatchesTests {
    @Test func aConnectionStaysRegisteredBetweenTransfers() {
        var watches = SocketWatches()
        watches.opened(7)
        #expect(watches.wants(4, of: 7) == .add(4))
        #expect(watches.wants(1, of: 7) == .modify(1))
        #expect(watches.wants(0, of: 7) == nil)
        #expect(!watches.isWanted(7))
        #expect(watches.wants(1, of: 7) == nil)
        #expect(watches.isWanted(7))
        #expect(watches.closing(7) == .remove)
    }

    /// Else epoll would report it without end.
    @Test func aKeptConnectionThatHasSomethingIsRegisteredAgainWhenUsed() {
        var watches = SocketWatches()
        watches.opened(7)
        _ = watches.wants(1, of: 7)
        _ = watches.wants(0, of: 7)
        #expect(watches.unwanted(7) == .remove)
        #expect(watches.unwanted(7) == nil)
        #expect(watches.wants(1, of: 7) == .add(1))
    }

    /// Nobody tells when the numbers of the resolver's sockets are free again.
    @Test func otherSocketsAreNotKept() {
        var watches = SocketWatches()
        #expect(watches.wants(1, of: 7) == .add(1))
        #expect(watches.wants(0, of: 7) == .remove)
        #expect(watches.wants(1, of: 7) == .add(1))
    }

    @Test func aNumberThatIsUsedAgain() {
        var watches = SocketWatches()
        watches.opened(7)
        _ = watches.wants(1, of: 7)
        _ = watches.wants(0, of: 7)
        #expect(watches.closing(7) == .remove)
        // As one of the resolver's.
        #expect(watches.wants(1, of: 7) == .add(1))
        #expect(watches.wants(0, of: 7) == .remove)
        watches.opened(7)
        #expect(watches.wants(1, of: 7) == .add(1))
        #expect(watches.closing(7) == .remove)
        // One that nothing was wanted of.
        watches.opened(900)
        #expect(watches.closing(900) == nil)
        #expect(!watches.isWanted(899))
    }
}
