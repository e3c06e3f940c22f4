internal import CApusProto
package import SMSModel

/// What a dry run of a chunk found out, apart from its refusals.
package struct DryRunResult: Hashable, Sendable {
    /// An item that would be sent as UCS-2.
    package struct Item: Hashable, Sendable {
        /// Position in the chunk.
        package var item: UInt32
        package var segments: UInt32
        package var cause: UCS2Cause

        package init(item: UInt32, segments: UInt32, cause: UCS2Cause) {
            self.item = item
            self.segments = segments
            self.cause = cause
        }
    }

    /// The segments of all items that would be accepted; the counts below are of those items too.
    package var segments: UInt64 = 0
    /// Items that are UCS-2.
    package var ucs2: UInt32 = 0
    /// Items in which smart encoding replaces something.
    package var replaced: UInt32 = 0
    /// Cut so that the frame holds it: ``ucs2`` is the true count.
    package var items: [Item] = []

    package init() {}

    init(_ c: Apus__V1__DryRunResult) {
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
