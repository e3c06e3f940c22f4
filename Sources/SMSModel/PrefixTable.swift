/// Values by what numbers begin with; the longest prefix that is known decides. A lookup costs a few nanoseconds and
/// allocates nothing.
package struct PrefixTable: Sendable {
    private struct Node {
        /// By digit; 0 = none. The root is nobody's child.
        var children:
            (
                UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16
            ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        /// 0 = nothing ends here.
        var value: UInt16 = 0

        subscript(digit: Int) -> UInt16 {
            get { withUnsafeBytes(of: children) { $0.loadUnaligned(fromByteOffset: digit * 2, as: UInt16.self) } }
            set {
                withUnsafeMutableBytes(of: &children) {
                    $0.storeBytes(of: newValue, toByteOffset: digit * 2, as: UInt16.self)
                }
            }
        }
    }

    private var nodes = [Node()]

    package init() {}

    package var isEmpty: Bool { nodes.count == 1 }

    /// - Parameters:
    ///   - prefix: digits.
    ///   - value: not 0; replaces the one that the prefix had.
    package mutating func insert(_ prefix: some Sequence<UInt8>, _ value: UInt16) {
        var node = 0
        for byte in prefix {
            let digit = Int(byte &- 0x30)
            if nodes[node][digit] == 0 {
                nodes[node][digit] = UInt16(nodes.count)
                nodes.append(Node())
            }
            node = Int(nodes[node][digit])
        }
        nodes[node].value = value
    }

    /// The value of the longest prefix of a number, and how many digits that has; a value of 0 = none.
    ///
    /// - Parameter number: in E.164, checked: a plus and digits.
    package func longest(of number: UnsafeRawBufferPointer) -> (value: UInt16, digits: Int) {
        nodes.withUnsafeBufferPointer { nodes in
            var found: (value: UInt16, digits: Int) = (nodes[0].value, 0)
            var node = 0
            for offset in 1..<max(1, number.count) {
                node = Int(nodes[node][Int(number[offset] &- 0x30)])
                if node == 0 { break }
                if nodes[node].value != 0 { found = (nodes[node].value, offset) }
            }
            return found
        }
    }
}
