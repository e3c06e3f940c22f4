internal import Scheduling
internal import Testing

@Suite struct ProviderSlotsTests {
    @Test func theLastSlotIsForUrgent() {
        var slots = ProviderSlots(capacity: 3)
        let taken = (0..<3).map { _ in slots.take() }
        #expect(taken == [true, true, false])
        #expect(slots.free() == 0)
        #expect(slots.free(urgent: true) == 1)
        let urgent = (0..<2).map { _ in slots.take(urgent: true) }
        #expect(urgent == [true, false])
        slots.release()
        #expect(slots.free() == 0)
        slots.release()
        #expect(slots.free() == 1)
        #expect(slots.inFlight == 1)
    }

    @Test func aSingleSlotIsForAll() {
        var slots = ProviderSlots(capacity: 0, reserved: 5)
        #expect(slots.capacity == 1)
        #expect(slots.reserved == 0)
        let taken = slots.take()
        #expect(taken)
    }

    @Test func aLoweredBoundWaitsForWhatIsInFlight() {
        var slots = ProviderSlots(capacity: 4, reserved: 2)
        for _ in 0..<4 { _ = slots.take(urgent: true) }
        slots.setCapacity(2)
        #expect(slots.free(urgent: true) == 0)
        #expect(slots.reserved == 1)
        slots.release()
        slots.release()
        #expect(slots.free(urgent: true) == 0)
        slots.release()
        #expect(slots.free(urgent: true) == 1)
        #expect(slots.free() == 0)
        slots.setCapacity(4)
        #expect(slots.reserved == 2)
    }
}
