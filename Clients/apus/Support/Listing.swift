/// How the rows of a listing are printed: a line each; on a terminal below headings, and no longer than it is wide.
struct Listing {
    let headings: [String]
    /// The value of the first columns, at least; where none are given, as wide as the rows that are printed together.
    let widths: [Int]
    /// The columns of the terminal; nil where programs read.
    let terminalWidth: Int?
    private var isStarted = false

    init(headings: [String], widths: [Int] = [], terminalWidth: Int? = Console.outputWidth) {
        self.headings = headings
        self.widths = widths
        self.terminalWidth = terminalWidth
    }

    /// The lines for some rows, before the first of which the headings stand.
    mutating func lines(_ rows: [[String]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        var table = rows
        if let terminalWidth {
            if !isStarted, !headings.isEmpty { table.insert(headings.map { $0.uppercased() }, at: 0) }
            isStarted = true
            return lines(of: table).map { Self.cut($0, to: terminalWidth) }
        }
        return lines(of: table)
    }

    private func lines(of table: [[String]]) -> [String] {
        if widths.isEmpty { return TextTable.columns(table).split(separator: "\n").map(String.init) }
        return table.map { TextTable.columns([$0], widths: widths) }
    }

    static func cut(_ line: String, to width: Int) -> String {
        line.count <= width ? line : String(line.prefix(max(0, width - 1))) + "…"
    }
}

extension ConnectionOptions {
    /// A line of JSON each, or lines of the listing.
    func print<Row>(
        rows: [Row], in listing: inout Listing, json: (Row) -> JSONOutput, cells: (Row) -> [String]
    ) {
        switch format {
        case .json: for row in rows { Console.json(json(row)) }
        case .text: for line in listing.lines(rows.map(cells)) { Console.line(line) }
        }
    }

    /// A line of JSON each, or a table.
    func print<Row>(
        rows: [Row], headings: [String] = [], json: (Row) -> JSONOutput, columns: (Row) -> [String]
    ) {
        var listing = Listing(headings: headings)
        print(rows: rows, in: &listing, json: json, cells: columns)
    }
}
