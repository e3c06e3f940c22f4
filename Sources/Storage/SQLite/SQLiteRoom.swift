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
    ///   - path: the data directory's, for the text of a shortage.
    mutating func room(_ readings: [Reading], path: String) -> StoreRoom {
        var room = StoreRoom.enough
        for reading in readings {
            let reserve = min(Limits.storeReserveBytes, reading.total / 8)
            let free = max(0, reading.free)
            let text = "no room for new messages: \(free) bytes are left for \(path)"
            if free < reserve / 2 {
                room = .carriersOnly(text)
                break
            }
            if free < (isShort ? reserve + reserve / 2 : reserve) { room = .noNewMessages(text) }
        }
        isShort = room != .enough
        return room
    }

    /// The size of a file; 0 if the system doesn't tell.
    static func bytes(ofFile path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
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
        if var disk = RoomGauge.disk(of: catalog.directory) {
            disk.free -= try growthAtCheckpoint()
            readings.append(disk)
        }
        if options.maximumBytes > 0, let free = try files.freeBytesOfNewest() {
            readings.append(RoomGauge.Reading(free: free, total: options.maximumBytes))
        }
        return gauge.room(readings, path: catalog.directory)
    }

    /// Bytes that the open files will grow by when what is in their logs alone is copied into them. A log that writes
    /// the same pages again and again makes its file no larger.
    private func growthAtCheckpoint() throws(StoreError) -> Int64 {
        var growth: Int64 = 0
        var connections = files.allOpen.filter { $0.uncopiedPages > 0 }.map(\.connection)
        if control.uncopiedPages > 0 { connections.append(control.connection) }
        for connection in connections {
            let pages = try connection.integer("PRAGMA page_count")
            let size = pages * (try connection.integer("PRAGMA page_size"))
            growth += max(0, size - RoomGauge.bytes(ofFile: connection.path))
        }
        return growth
    }
}
