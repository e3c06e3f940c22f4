internal import CApusProto
internal import SMSModel

extension UCS2Cause {
    /// nil where there is none, or one that cannot be.
    init?(_ pointer: UnsafeMutablePointer<Apus__V1__Ucs2Cause>?) {
        guard let c = pointer?.pointee, c.position > 0, c.count > 0 else { return nil }
        self.init(
            scalar: c.code_point, position: Int(c.position), count: Int(c.count),
            segmentsWithout: Int(c.segments_without), isReplaceable: c.replaceable != 0)
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__Ucs2Cause> {
        let c = arena.make(apus__v1__ucs2_cause__init)
        c.pointee.code_point = scalar
        c.pointee.position = UInt32(position)
        c.pointee.count = UInt32(count)
        c.pointee.segments_without = UInt32(segmentsWithout)
        c.pointee.replaceable = isReplaceable ? 1 : 0
        return c
    }
}
