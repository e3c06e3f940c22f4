internal import CApusProto
internal import SMSModel

extension DryRunResult {
    init(_ c: Apus__V1__DryRunResult) {
        self.init()
        segments = c.segments
        ucs2 = c.ucs2
        replaced = c.replaced
        items = (0..<c.n_ucs2_items).compactMap { index in
            let item = c.ucs2_items[index]!.pointee
            return UCS2Cause(item.cause).map { Item(item: item.item, segments: item.segments, cause: $0) }
        }
    }

    func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__DryRunResult> {
        let c = arena.make(apus__v1__dry_run_result__init)
        c.pointee.segments = segments
        c.pointee.ucs2 = ucs2
        c.pointee.replaced = replaced
        c.pointee.n_ucs2_items = items.count
        c.pointee.ucs2_items = arena.messages(items) { item in
            let i = arena.make(apus__v1__ucs2_item__init)
            i.pointee.item = item.item
            i.pointee.segments = item.segments
            i.pointee.cause = item.cause.layOut(in: arena)
            return i
        }
        return c
    }
}
