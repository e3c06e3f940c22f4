internal import Admission
package import SMSModel

/// A bulk call as its door reads it: many messages for one batch. Used on one event loop only.
package protocol BulkCall: AnyObject {
    /// What logs are joined by.
    var trace: MessageTrace { get }

    /// Decodes it, when its turn has come; all that it borrows then lives until ``close()``.
    /// - Throws: INVALID_ARGUMENT if it is wrong as a whole.
    func open() throws(GatewayError) -> BulkHeader

    /// The item of a call without a template.
    /// - Throws: INVALID_ARGUMENT for that item alone.
    func message(at item: Int) throws(GatewayError) -> SubmitRequest

    /// The recipient of a template.
    /// - Parameter variables: takes its variables; it is empty.
    /// - Throws: INVALID_ARGUMENT for that item alone.
    func recipient(
        at item: Int, variables: inout [TemplateVariable]
    ) throws(GatewayError) -> UnsafeRawBufferPointer

    /// Lets this many messages count in the rate of the connection that it came by.
    /// - Returns: false if there is nobody any more who would hear the answer.
    /// - Throws: what `count` throws.
    func countInRate(_ count: (inout RateBucket) throws(GatewayError) -> Void) throws(GatewayError) -> Bool

    /// Gives back what it was decoded into.
    func close()
}

/// What a bulk call says of all its messages.
package struct BulkHeader {
    /// The batch's name; "" in a dry run.
    package var batch: String
    /// The first item's index in the batch.
    package var firstIndex: UInt64
    /// Items, at least one.
    package var count: Int
    /// The items are only checked; there is no batch then.
    package var isDryRun: Bool
    /// What all recipients get, without `to`; nil for a call of messages.
    package var template: SubmitRequest?

    package init(batch: String, firstIndex: UInt64, count: Int, isDryRun: Bool, template: SubmitRequest?) {
        self.batch = batch
        self.firstIndex = firstIndex
        self.count = count
        self.isDryRun = isDryRun
        self.template = template
    }
}

/// What became of a bulk call.
package struct BulkResult: Hashable, Sendable {
    package struct Refusal: Hashable, Sendable {
        /// Position in the call.
        package var item: Int
        package var code: StatusCode
        package var message: String
        package var violations: [FieldViolation] = []
    }

    /// 0 for a dry run.
    package var batch = BatchID(rawValue: 0)
    package var accepted = 0
    package var refused = 0
    /// One an item, in order; 0 = refused, or a dry run.
    package var ids: [UInt64] = []
    /// Positions of items that were accepted before.
    package var duplicates: [Int] = []
    package var refusals: [Refusal] = []
    /// nil unless it was a dry run.
    package var dryRun: DryRunResult?
}
