internal import ApusClient
internal import Synchronization

/// A line on the terminal that is written over: how far the file is, and what came of it.
final class ProgressLine: Sendable {
    private struct State {
        var shown: ContinuousClock.Instant?
        var isVisible = false
        var file: InputFile?
    }

    private let isShown: Bool
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    init(isShown: Bool) {
        self.isShown = isShown
    }

    /// The file whose progress is shown.
    var file: InputFile? {
        get { state.withLock(\.file) }
        set { state.withLock { $0.file = newValue } }
    }

    /// Shows a text, at most ten times a second.
    func show(_ text: String) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let shown = state.shown, now - shown < .milliseconds(100) { return false }
            state.shown = now
            state.isVisible = true
            return true
        }
        guard isDue else { return }
        Console.rewriteErrorLine("\(bar)\(text), \((now - started).milliseconds / 1000) s")
    }

    /// Takes the line away, before others are written.
    func clear() {
        let wasVisible = state.withLock { state in
            defer { state.isVisible = false }
            return state.isVisible
        }
        if wasVisible { Console.rewriteErrorLine("") }
    }

    /// Such as `[#######.............]  35 %  `, for a file whose size is known.
    private var bar: String {
        guard let file, let size = file.size, size > 0 else { return "" }
        return Self.bar(done: file.position, of: size)
    }

    static func bar(done: Int, of size: Int) -> String {
        let share = min(1, max(0, Double(done) / Double(size)))
        let width = 20
        let full = Int(share * Double(width))
        let percent = String(Int(share * 100))
        let padding = String(repeating: " ", count: 3 - percent.count)
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
            + "] \(padding)\(percent) %  "
    }
}
