internal import Foundation

/// A data directory on a disk that loses what is not synced: Tests/PowerLoss/powerloss.c, preloaded into the process
/// that uses it.
package struct PowerLossDisk {
    private let data: String
    private let copies: String
    private let library: String

    /// - Parameters:
    ///   - data: the data directory.
    ///   - scratch: a directory for what belongs to the test; outside of `data`.
    package init(data: String, scratch: String) throws {
        self.data = data
        copies = scratch + "/synced"
        library = scratch + "/powerloss.so"
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = root.appendingPathComponent("Tests/PowerLoss/powerloss.c").path
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        try require(compiler.terminationStatus == 0, "cc does not compile \(source)")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    }

    /// - Parameters:
    ///   - cut: the power goes before this many writes, syncs, renames and removals; 0 = never.
    ///   - seed: which sectors that were written but not synced are on the disk all the same; 0 = none.
    ///   - ending: syncs of files whose names end so do nothing.
    package func environment(cut: Int, seed: UInt64, forgetting ending: String? = nil) -> [String: String] {
        var variables = [
            "LD_PRELOAD": library, "POWERLOSS_DIR": data, "POWERLOSS_SHADOW": copies,
            "POWERLOSS_CUT": String(cut), "POWERLOSS_SEED": String(seed),
        ]
        if let ending { variables["POWERLOSS_FORGET"] = ending }
        return variables
    }

    /// All that is written now counts as synced.
    package func settle() throws {
        try replace(in: copies, by: data)
    }

    /// The power is back: what was synced is what there is.
    package func restore() throws {
        try replace(in: data, by: copies)
    }

    /// The store's files; what else there is, such as the key, stays.
    private static let kept = [
        "control.db", "control.db-journal", "control.db-wal", "control.db-shm", "days",
    ]

    private func replace(in target: String, by source: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: target, withIntermediateDirectories: true)
        for name in Self.kept {
            try? files.removeItem(atPath: "\(target)/\(name)")
            guard files.fileExists(atPath: "\(source)/\(name)") else { continue }
            try files.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
        }
        for name in try files.subpathsOfDirectory(atPath: target) where name.hasSuffix("-shm") {
            try files.removeItem(atPath: "\(target)/\(name)")
        }
    }
}
