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
}
