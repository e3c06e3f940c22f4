/// What joins a call with the logs and traces of both sides. It holds for every call that is made within
/// ``withValue(_:operation:)``:
///
/// ```swift
/// try await CallContext.withValue(CallContext(requestID: id)) { try await client.send(message) }
/// ```
public struct CallContext: Hashable, Sendable {
    /// At most 64 bytes; "" = none.
    public var requestID: String
    /// W3C trace context, such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`; "" = none.
    public var traceparent: String

    public init(requestID: String = "", traceparent: String = "") {
        self.requestID = requestID
        self.traceparent = traceparent
    }

    @TaskLocal static var current: CallContext?

    /// Runs the operation, whose calls carry the context.
    public static func withValue<Result>(
        _ context: CallContext, isolation: isolated (any Actor)? = #isolation,
        operation: () async throws -> Result
    ) async rethrows -> Result {
        try await $current.withValue(context, operation: operation, isolation: isolation)
    }
}

/// Lends the texts' bytes.
func withBytes<Result>(
    _ first: String, _ second: String, _ third: String,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
) -> Result {
    var (first, second, third) = (first, second, third)
    return first.withUTF8 { first in
        second.withUTF8 { second in
            third.withUTF8 { third in
                body(
                    UnsafeRawBufferPointer(first), UnsafeRawBufferPointer(second), UnsafeRawBufferPointer(third))
            }
        }
    }
}
