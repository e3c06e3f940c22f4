internal import Glibc
internal import SMSModel

/// How much the files may grow, and what of it is kept for what must not be refused.
struct RoomGauge {
    /// Bytes that are free for the files, and all that there may be.
    struct Reading {
        var free: Int64
        var total: Int64
    }

    private var isShort = false

    /// What there is room for. Once there is too little for new messages, there has to be half as much again: a
    /// checkpoint alone must not make it seem so.
    /// - Parameters:
    ///   - readings: of what bounds the files: the least of them counts.
    ///   - uncopied: bytes of logs that are yet to be copied into their files.
    mutating func room(_ readings: [Reading], uncopied: Int64, path: String) -> StoreRoom {
        var room = StoreRoom.enough
        for reading in readings {
            let reserve = min(Limits.storeReserveBytes, reading.total / 8)
            let free = reading.free - uncopied
            let text = "no room for new messages: \(max(0, free)) bytes are left for \(path)"
            if free < reserve / 2 {
                room = .carriersOnly(text)
                break
            }
            if free < (isShort ? reserve + reserve / 2 : reserve) { room = .noNewMessages(text) }
        }
        isShort = room != .enough
        return room
    }

    /// The disk that a directory is on; nil if the system doesn't tell.
    static func disk(of directory: String) -> Reading? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let block = Int64(clamping: status.f_frsize)
        return Reading(
            free: Int64(clamping: status.f_bavail) * block, total: Int64(clamping: status.f_blocks) * block)
    }
}

extension SQLiteMessageStore {
    package func room() throws(StoreError) -> StoreRoom {
        var readings: [RoomGauge.Reading] = []
        if let disk = RoomGauge.disk(of: catalog.directory) { readings.append(disk) }
        if options.maximumBytes > 0, let free = try files.freeBytesOfNewest() {
            readings.append(RoomGauge.Reading(free: free, total: options.maximumBytes))
        }
        return gauge.room(readings, uncopied: files.uncopiedBytes, path: catalog.directory)
    }
}
