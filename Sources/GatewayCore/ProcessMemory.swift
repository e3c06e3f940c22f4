internal import CMalloc
internal import SMSModel

/// Memory that the process holds beyond what it uses.
package enum ProcessMemory {
    /// Gives back to the system what the allocator keeps of memory that was freed: some milliseconds, in which others
    /// may wait for memory. For after what takes much for a while and little for good, such as the making of ten
    /// thousand tenants.
    package static func giveBack() { malloc_trim(0) }

    /// The same, once the answers to what has taken it are out.
    package static func giveBackSoon() {
        Task {
            try? await Task.sleep(for: .seconds(Limits.memoryReturnSeconds))
            giveBack()
        }
    }
}
