internal import ApusClient

/// The rows of a bulk file, read as they are asked for, from its beginning each time: CSV with a header, or JSON lines.
/// The first character decides which.
struct BulkInput: AsyncSequence, Sendable {
    let file: InputFile
    var mapper: RowMapper
    /// Separates the fields of CSV; nil = as the file's first line has it.
    var separator: UInt8?

    func makeAsyncIterator() -> Iterator {
        Iterator(file: file, mapper: mapper, separator: separator)
    }

    struct Iterator: AsyncIteratorProtocol {
        private enum Format {
            /// The first lines have not been seen as a whole.
            case undecided([UInt8])
            case csv(CSVParser, RowColumns.Places?, columns: Int)
            case jsonLines(LineParser)
        }

        private let file: InputFile
        private let mapper: RowMapper
        private let separator: UInt8?
        private var format = Format.undecided([])
        private var waiting: [BulkRow] = []
        private var position = 0
        private var place: UInt64 = 0
        private var isStarted = false
        private var isAtEnd = false
        /// Places of the columns of the last line of JSON lines, whose names most others have too.
        private var known: (names: [String], places: RowColumns.Places)?
        /// Headings and names that stand for nothing.
        private(set) var ignored: Set<String> = []
        /// Whether rows say more about themselves than the recipients of a template can.
        private(set) var haveMessageFields = false

        init(file: InputFile, mapper: RowMapper, separator: UInt8?) {
            self.file = file
            self.mapper = mapper
            self.separator = separator
        }

        /// Reads the next row.
        ///
        /// - Throws: a failure if the file cannot be read, is no text of UTF-8 or has no usable header.
        mutating func next() async throws -> BulkRow? {
            if !isStarted {
                // What comes through a pipe is read once, from wherever it stands.
                if file.size != nil { try file.rewind() }
                isStarted = true
            }
            while position == waiting.count {
                guard !isAtEnd else { return nil }
                waiting.removeAll(keepingCapacity: true)
                position = 0
                let bytes = try await file.read()
                isAtEnd = bytes.isEmpty
                try parse(bytes)
            }
            defer { position += 1 }
            return waiting[position]
        }

        private mutating func parse(_ bytes: [UInt8]) throws {
            switch format {
            case .undecided(let before): try decide(before + bytes)
            case .csv(var parser, var places, var columns):
                let rows = isAtEnd ? parser.finish() : parser.parse(bytes)
                for row in rows { try take(row, &places, &columns) }
                format = .csv(parser, places, columns: columns)
            case .jsonLines(var parser):
                let rows = isAtEnd ? parser.finish() : parser.parse(bytes)
                for row in rows { try take(row) }
                format = .jsonLines(parser)
            }
        }

        // MARK: The format

        /// - Parameter bytes: all that has been read.
        private mutating func decide(_ bytes: [UInt8]) throws {
            if let encoding = TextEncoding.wide(bytes) {
                throw CommandFailure(
                    .usage, "\(file.name) is \(encoding), not UTF-8", advice: TextEncoding.advice("UTF-16"))
            }
            var content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
            var line = 1
            while let first = content.first, [0x20, 0x0A, 0x0D].contains(first) {
                if first == UInt8(ascii: "\n") { line += 1 }
                content = content.dropFirst()
            }
            guard !content.isEmpty else {
                guard !isAtEnd else { throw CommandFailure(.usage, "\(file.name) is empty") }
                format = .undecided(bytes)
                return
            }
            if content.first == UInt8(ascii: "{") {
                format = .jsonLines(LineParser(line: line))
            } else {
                let end = content.firstIndex(of: UInt8(ascii: "\n"))
                guard isAtEnd || end != nil || content.count > CSVParser.rowBytes else {
                    format = .undecided(bytes)
                    return
                }
                let firstLine = content[..<(end ?? content.endIndex)]
                let named = CSVDialect.named(in: firstLine)
                if named != nil {
                    content = content[firstLine.endIndex...].dropFirst()
                    line += 1
                }
                let separator = separator ?? named ?? CSVDialect(firstLine: firstLine).separator
                format = .csv(CSVParser(separator: separator, line: line), nil, columns: 0)
            }
            let wasAtEnd = isAtEnd
            isAtEnd = false
            try parse(Array(content))
            isAtEnd = wasAtEnd
            if isAtEnd { try parse([]) }
        }

        // MARK: Rows

        private mutating func take(
            _ row: CSVParser.Row, _ places: inout RowColumns.Places?, _ columns: inout Int
        ) throws {
            switch row.content {
            case .failure(let problem):
                try refuseEncoding(row.line, problem)
                guard places != nil else {
                    throw CommandFailure(.usage, "the first line of \(file.name) is no header: \(problem.text)")
                }
                append(row.line, .invalid(problem))
            case .success(var fields):
                guard let places else {
                    let headings = fields.map(\.trimmed)
                    let found = try mapper.columns.places(headings)
                    note(found)
                    places = found
                    columns = headings.count
                    return
                }
                // Spreadsheets fill up with empty fields.
                while fields.count > columns, fields.last?.isEmpty == true { fields.removeLast() }
                guard fields.count == columns else {
                    let problem = RowProblem(text: "the row has \(fields.count) fields, the header \(columns)")
                    return append(row.line, .invalid(problem))
                }
                append(row.line, mapper.content(RowMapper.Values(texts: fields), places))
            }
        }

        private mutating func take(_ row: LineParser.Row) throws {
            switch row.content {
            case .failure(let problem):
                try refuseEncoding(row.line, problem)
                append(row.line, .invalid(problem))
            case .success(let line):
                do throws(RowProblem) {
                    let json = try JSONRow(line)
                    append(row.line, mapper.content(json.values, try places(json.names)))
                } catch {
                    append(row.line, .invalid(error))
                }
            }
        }

        private mutating func places(_ names: [String]) throws(RowProblem) -> RowColumns.Places {
            if let known, known.names == names { return known.places }
            do throws(CommandFailure) {
                let places = try mapper.columns.places(names, isWhole: false)
                note(places)
                known = (names, places)
                return places
            } catch {
                throw RowProblem(text: error.what)
            }
        }

        private mutating func note(_ places: RowColumns.Places) {
            ignored.formUnion(places.ignored)
            if places.haveMessageFields { haveMessageFields = true }
        }

        /// A file whose text is of another encoding is refused as a whole: names and texts would be garbled.
        private func refuseEncoding(_ line: Int, _ problem: RowProblem) throws {
            guard problem.kind == .encoding else { return }
            throw CommandFailure(
                .usage, "line \(line) of \(file.name): \(problem.text)", advice: TextEncoding.advice("WINDOWS-1252"))
        }

        private mutating func append(_ line: Int, _ content: BulkRow.Content) {
            waiting.append(BulkRow(place: place, line: line, content: content))
            place += 1
        }
    }
}
