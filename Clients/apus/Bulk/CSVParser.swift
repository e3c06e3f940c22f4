/// One row of a bulk file, or why it is none.
struct InputRow<Content> {
    /// Where it begins, from 1.
    var line: Int
    var content: Result<Content, RowProblem>
}

/// Why a row cannot be used.
struct RowProblem: Error, Equatable {
    enum Kind {
        case row
        /// The row is not UTF-8, which the whole file then is not.
        case encoding
    }

    var text: String
    var kind = Kind.row
}

/// Cuts bytes into rows of CSV (RFC 4180), as they come: quoted fields may hold commas, quotes and line ends.
///
/// Lines end with LF or CRLF. Empty lines are skipped. After a row that is wrong it goes on with the next line.
struct CSVParser {
    typealias Row = InputRow<[String]>

    /// The byte between two fields.
    let separator: UInt8

    /// A longer row is refused: most likely a quote is missing, and memory stays bounded.
    static let rowBytes = 64 * 1024

    private enum State {
        case fieldStart
        case plain
        case quoted
        /// After a quote inside a quoted field: its end, or the first of two.
        case quoteInQuoted
        /// To the end of a line whose problem is known.
        case skipping
    }

    private var state = State.fieldStart
    private var line: Int
    private var rowLine: Int
    private var rowSize = 0
    private var field: [UInt8] = []
    private var fields: [[UInt8]] = []
    /// A CR that may belong to the line's end.
    private var sawCR = false
    private var rows: [Row] = []

    /// - Parameter line: the number of the first line, from 1.
    init(separator: UInt8 = UInt8(ascii: ","), line: Int = 1) {
        self.separator = separator
        self.line = line
        rowLine = line
    }

    /// Takes the next bytes.
    ///
    /// - Returns: the rows that these bytes complete.
    mutating func parse(_ bytes: some Sequence<UInt8>) -> [Row] {
        for byte in bytes { take(byte) }
        defer { rows.removeAll(keepingCapacity: true) }
        return rows
    }

    /// Ends the input. - Returns: the last row, if no line end followed it.
    mutating func finish() -> [Row] {
        if state == .quoted {
            fail("a quoted field does not end")
        } else if state != .skipping, rowSize > 0 {
            endRow()
        }
        defer { rows.removeAll() }
        return rows
    }

    private mutating func take(_ byte: UInt8) {
        if byte == UInt8(ascii: "\n") {
            line += 1
            if state != .quoted {
                endLine()
                return
            }
        }
        guard state != .skipping else { return }
        rowSize += 1
        guard rowSize <= Self.rowBytes else {
            return fail("the row is longer than \(Self.rowBytes) bytes; is a quote missing?", at: byte)
        }
        // A CR that no LF followed is a character like others.
        if sawCR {
            sawCR = false
            switch state {
            case .quoteInQuoted: return fail("a closing quote must be followed by a separator or the line's end")
            default:
                field.append(UInt8(ascii: "\r"))
                state = .plain
            }
        }
        switch state {
        case .fieldStart: takeFirst(byte)
        case .plain: takePlain(byte)
        case .quoted:
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { field.append(byte) }
        case .quoteInQuoted: takeAfterQuote(byte)
        case .skipping: break
        }
    }

    private mutating func takeFirst(_ byte: UInt8) {
        if byte == UInt8(ascii: "\"") {
            state = .quoted
        } else {
            state = .plain
            takePlain(byte)
        }
    }

    private mutating func takePlain(_ byte: UInt8) {
        switch byte {
        case separator: endField()
        case UInt8(ascii: "\r"): sawCR = true
        case UInt8(ascii: "\""): fail("a quote stands inside a field that does not begin with one")
        default: field.append(byte)
        }
    }

    private mutating func takeAfterQuote(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            field.append(byte)
            state = .quoted
        case separator: endField()
        case UInt8(ascii: "\r"): sawCR = true
        default: fail("a closing quote must be followed by a separator or the line's end")
        }
    }

    private mutating func endField() {
        fields.append(field)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }

    private mutating func endLine() {
        // A CR alone makes a line no less empty.
        let isEmpty = rowSize == 0 || (rowSize == 1 && sawCR)
        if state != .skipping, !isEmpty { endRow() }
        startRow()
    }

    private mutating func endRow() {
        fields.append(field)
        var texts: [String] = []
        texts.reserveCapacity(fields.count)
        for bytes in fields {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return fail("field \(texts.count + 1): \(TextEncoding.problem(bytes))", kind: .encoding)
            }
            texts.append(text)
        }
        rows.append(Row(line: rowLine, content: .success(texts)))
        clear()
    }

    /// - Parameter byte: the one that broke the row, which may end its line.
    private mutating func fail(_ problem: String, at byte: UInt8? = nil, kind: RowProblem.Kind = .row) {
        rows.append(Row(line: rowLine, content: .failure(RowProblem(text: problem, kind: kind))))
        clear()
        state = .skipping
        if byte == UInt8(ascii: "\n") { startRow() }
    }

    private mutating func startRow() {
        clear()
        state = .fieldStart
        rowLine = line
    }

    private mutating func clear() {
        fields.removeAll(keepingCapacity: true)
        field.removeAll(keepingCapacity: true)
        rowSize = 0
        sawCR = false
    }
}

/// Cuts bytes into lines of text, as they come. Lines that are empty or white are skipped.
struct LineParser {
    typealias Row = InputRow<String>

    static let lineBytes = CSVParser.rowBytes

    private var line: Int
    private var bytes: [UInt8] = []
    private var isSkipping = false
    private var rows: [Row] = []

    /// - Parameter line: the number of the first line, from 1.
    init(line: Int = 1) {
        self.line = line
    }

    mutating func parse(_ input: some Sequence<UInt8>) -> [Row] {
        for byte in input {
            if byte == UInt8(ascii: "\n") {
                endLine()
                line += 1
            } else if !isSkipping {
                bytes.append(byte)
                if bytes.count > Self.lineBytes {
                    bytes.removeAll()
                    isSkipping = true
                    add(.failure(RowProblem(text: "the line is longer than \(Self.lineBytes) bytes")))
                }
            }
        }
        defer { rows.removeAll(keepingCapacity: true) }
        return rows
    }

    mutating func finish() -> [Row] {
        endLine()
        defer { rows.removeAll() }
        return rows
    }

    private mutating func endLine() {
        isSkipping = false
        let isWhite = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        if !isWhite {
            if let text = String(validating: bytes, as: UTF8.self) {
                add(.success(text))
            } else {
                add(.failure(RowProblem(text: TextEncoding.problem(bytes), kind: .encoding)))
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func add(_ content: Result<String, RowProblem>) {
        rows.append(Row(line: line, content: content))
    }
}
