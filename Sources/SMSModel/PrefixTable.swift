/// Values by what numbers begin with; the longest prefix that is known decides. A lookup costs a few nanoseconds and
/// allocates nothing.
package struct PrefixTable: Sendable {
    /// Ten of each node, by digit: its child; 0 = none, as the root is nobody's child. Without any prefix there is not
    /// even a root: each tenant has such a table, and most say nothing in it.
    private var children: [UInt32] = []
    /// The value of the prefix that ends at each node; 0 = none.
    private var values: [UInt16] = []

    package init() {}

    package var isEmpty: Bool { values.isEmpty }

    /// - Parameters:
    ///   - prefix: digits.
    ///   - value: not 0; replaces the one that the prefix had.
    package mutating func insert(_ prefix: some Sequence<UInt8>, _ value: UInt16) {
        if isEmpty { addNode() }
        var node = 0
        for byte in prefix {
            let place = Self.place(node, byte)
            if children[place] == 0 {
                children[place] = UInt32(values.count)
                addNode()
            }
            node = Int(children[place])
        }
        values[node] = value
    }

    private mutating func addNode() {
        children.append(contentsOf: repeatElement(0, count: 10))
        values.append(0)
    }

    /// The value of the longest prefix of a number, and how many digits that has; a value of 0 = none.
    ///
    /// - Parameter number: in E.164, checked: a plus and digits.
    package func longest(of number: UnsafeRawBufferPointer) -> (value: UInt16, digits: Int) {
        var found: (value: UInt16, digits: Int) = (0, 0)
        if isEmpty { return found }
        var node = 0
        for offset in 1..<max(1, number.count) {
            node = Int(children[Self.place(node, number[offset])])
            if node == 0 { break }
            if values[node] != 0 { found = (values[node], offset) }
        }
        return found
    }

    private static func place(_ node: Int, _ digit: UInt8) -> Int { 10 * node + Int(digit &- 0x30) }
}
