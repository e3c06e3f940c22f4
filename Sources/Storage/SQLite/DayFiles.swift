internal import SMSModel

/// The days' files that the writer has open, and those that there are.
///
/// A file is opened when it is first asked for. Those that have not been used for the longest are closed between
/// rounds, beyond a number of them.
final class DayFiles {
    let catalog: DayCatalog
    private var open: [Day: DayFile] = [:]
    private var uses: UInt64 = 0
    private var last: DayFile?
    /// The pages that each open file may have, where that is bounded.
    private var pageBounds: [Day: Int64] = [:]
    private let options: SQLiteStoreOptions
    private let ledger: QuotaLedger
    /// Files kept open between rounds.
    private static let openFiles = 12
    /// Memory for pages of a file that is not today's, in bytes.
    private static let otherCacheBytes: Int64 = 2 * 1024 * 1024

    init(_ catalog: DayCatalog, _ options: SQLiteStoreOptions, _ ledger: QuotaLedger) {
        self.catalog = catalog
        self.options = options
        self.ledger = ledger
    }

    /// Files that the round under way has written to, oldest day first.
    var inRound: [DayFile] { open.values.filter(\.isInRound).sorted { $0.day < $1.day } }

    var allOpen: [DayFile] { open.values.sorted { $0.day < $1.day } }

    /// The file of the day on which an id was given out; nil if there is none.
    func file(of id: MessageID) throws(StoreError) -> DayFile? {
        if let last, id < last.end, id >= last.day.firstID { return last }
        return try file(of: Day(of: id))
    }

    func file(of day: Day) throws(StoreError) -> DayFile? {
        if let last, last.day == day { return last }
        if open[day] == nil {
            guard catalog.contains(day) else { return nil }
            guard DataDirectory.exists(catalog.path(of: day)) else {
                throw .failed("\(catalog.path(of: day)) is gone: put it back, or restart to go on without it")
            }
        }
        return try opened(day)
    }

    /// The file of a day, made if there is none.
    func make(_ day: Day) throws(StoreError) -> DayFile {
        if let last, last.day == day { return last }
        if open[day] == nil, !catalog.contains(day) {
            let file = try opened(day)
            // Its name must outlive a loss of power too.
            try DataDirectory.sync(DataDirectory.daysPath(in: catalog.directory))
            catalog.insert([day])
            try boundSize()
            return file
        }
        return try opened(day)
    }

    private func opened(_ day: Day) throws(StoreError) -> DayFile {
        let file: DayFile
        if let known = open[day] {
            file = known
        } else {
            let isNewest = catalog.newest.map { day >= $0 } ?? true
            let connection = try SQLiteSchema.open(
                catalog.path(of: day), SQLiteSchema.day,
                cacheBytes: isNewest ? options.cacheBytes : min(options.cacheBytes, Self.otherCacheBytes))
            if !options.isSynced { try connection.execute("PRAGMA synchronous = NORMAL") }
            file = try DayFile(day, connection, options.index, catalog, ledger)
            open[day] = file
            try boundSize()
            // A round may ask for messages of any day: those that it only read are let go of.
            if open.count > 2 * Self.openFiles,
                let idle = open.values.filter({ !$0.isInRound && $0.day != day }).min(by: { $0.lastUse < $1.lastUse })
            {
                try close(idle)
            }
        }
        uses += 1
        file.lastUse = uses
        last = file
        return file
    }

    /// Closes what has not been used for long. Between rounds.
    func closeSome() throws(StoreError) {
        guard open.count > Self.openFiles else { return }
        for file in open.values.sorted(by: { $0.lastUse < $1.lastUse }).prefix(open.count - Self.openFiles) {
            try close(file)
        }
    }

    func close(_ file: DayFile) throws(StoreError) {
        try file.checkpoint()
        open[file.day] = nil
        if last === file { last = nil }
    }

    /// Removes a day's file.
    func remove(_ day: Day) throws(StoreError) {
        // Should only the log's removal outlive a loss of power, the file is whole without it.
        try open[day]?.checkpoint()
        open[day] = nil
        if last?.day == day { last = nil }
        catalog.remove(day)
        try DataDirectory.removeDatabase(catalog.path(of: day))
        try DataDirectory.sync(DataDirectory.daysPath(in: catalog.directory))
        try boundSize()
    }

    /// Bounds each open file by what all files together may still grow.
    private func boundSize() throws(StoreError) {
        guard options.maximumBytes > 0 else { return }
        var taken = DataDirectory.size(of: catalog.controlPath)
        var pages: [(DayFile, Int64, Int64)] = []
        for day in catalog.days where open[day] == nil { taken += DataDirectory.size(of: catalog.path(of: day)) }
        for file in open.values {
            let count = try file.connection.integer("PRAGMA page_count")
            let size = try file.connection.integer("PRAGMA page_size")
            taken += count * size
            pages.append((file, count, size))
        }
        for (file, count, size) in pages {
            let most = max(1, count + max(0, options.maximumBytes - taken) / size)
            pageBounds[file.day] = try file.connection.integer("PRAGMA max_page_count = \(most)")
        }
    }

    /// Bytes that the newest file may still grow by; nil without a bound.
    func freeBytesOfNewest() throws(StoreError) -> Int64? {
        guard let day = catalog.newest, let file = open[day], let most = pageBounds[day] else { return nil }
        let size = try file.connection.integer("PRAGMA page_size")
        let unused = try file.connection.integer("PRAGMA freelist_count")
        return max(0, most - (try file.connection.integer("PRAGMA page_count")) + unused) * size
    }
}
