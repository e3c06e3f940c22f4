/// Counts what each of many holds of something that there is only so much of.
package struct Shares<Holder: Hashable & Sendable>: Sendable {
    private var held: [Holder: Int] = [:]
    private let most: Int

    /// - Parameter most: what one may hold.
    package init(most: Int) {
        self.most = most
    }

    package func count(of holder: Holder) -> Int { held[holder] ?? 0 }

    /// - Returns: whether it has room for one more; counted if it has.
    package mutating func take(_ holder: Holder) -> Bool {
        let count = count(of: holder)
        guard count < most else { return false }
        held[holder] = count + 1
        return true
    }

    package mutating func giveBack(_ holder: Holder) {
        let count = count(of: holder) - 1
        // What holds nothing takes no memory.
        held[holder] = count > 0 ? count : nil
    }
}
