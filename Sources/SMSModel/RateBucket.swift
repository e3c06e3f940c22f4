/// What one sender, such as a connection, has taken of its rate: a token bucket in one number.
package struct RateBucket: Hashable, Sendable {
    /// The time at which the bucket is full again, in nanoseconds of a monotonic clock of any origin.
    package var arrival = Int64.min

    package init() {}
}
