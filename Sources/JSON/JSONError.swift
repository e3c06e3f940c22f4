/// Why a text is not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1 on.
    package var line: Int
    /// From 1 on, in characters (Unicode scalars).
    package var column: Int
    /// A clause, such as "the member kid is there twice".
    package var reason: String

    package var description: String { "line \(line), column \(column): \(reason)" }
}
