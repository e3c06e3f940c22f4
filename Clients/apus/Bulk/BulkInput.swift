internal import ApusClient
internal import Glibc
internal import NIOPosix

/// The rows of a bulk file, read as they are asked for. CSV with a header, or JSON lines: told by the first
/// character.
struct BulkInput: AsyncSequence, Sendable {
    let file: InputFile
    let mapper: RowMapper

    func makeAsyncIterator() -> Iterator {
        Iterator(file: file, mapper: mapper)
    }

    struct Iterator: AsyncIteratorProtocol {
        private enum Format {
            case undecided
            case csv(CSVParser, header: [String]?)
            case jsonLines(LineParser)
        }

        private let file: InputFile
        private let mapper: RowMapper
        private var format = Format.undecided
        private var waiting: [BulkRow] = []
        private var place = 0
        private var index: UInt64 = 0
        private var isAtEnd = false

        init(file: InputFile, mapper: RowMapper) {
            self.file = file
            self.mapper = mapper
        }

        /// - Throws: a failure if the file cannot be read or has no usable header.
        mutating func next() async throws -> BulkRow? {
            while place == waiting.count {
                guard !isAtEnd else { return nil }
                waiting.removeAll(keepingCapacity: true)
                place = 0
                try parse(try await file.read())
            }
            defer { place += 1 }
            return waiting[place]
        }

        /// - Parameter bytes: none = the file's end.
        private mutating func parse(_ bytes: [UInt8]) throws {
            isAtEnd = bytes.isEmpty
            switch format {
            case .undecided:
                let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
                guard let first = content.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
                    guard !isAtEnd else { throw CommandFailure(.usage, "\(file.name) is empty") }
                    return
                }
                format = first == UInt8(ascii: "{") ? .jsonLines(LineParser()) : .csv(CSVParser(), header: nil)
                try parse(content)
            case .csv(var parser, var header):
                let rows = isAtEnd ? parser.finish() : parser.parse(bytes)
                for row in rows { try take(row, &header) }
                format = .csv(parser, header: header)
            case .jsonLines(var parser):
                let rows = isAtEnd ? parser.finish() : parser.parse(bytes)
                for row in rows { append(row.line, content(of: row, mapper.content(json:))) }
                format = .jsonLines(parser)
            }
        }

        private mutating func take(_ row: CSVParser.Row, _ header: inout [String]?) throws {
            guard let known = header else {
                guard case .success(let names) = row.content else {
                    throw CommandFailure(.usage, "the first line of \(file.name) is no header: \(row.problem ?? "")")
                }
                let checked = names.map(\.trimmed)
                try mapper.checkHeader(checked)
                header = checked
                return
            }
            append(row.line, content(of: row) { mapper.content(header: known, fields: $0) })
        }

        private func content<Content>(
            of row: InputRow<Content>, _ map: (Content) -> BulkRow.Content
        ) -> BulkRow.Content {
            switch row.content {
            case .success(let content): map(content)
            case .failure(let problem): .invalid(problem.text)
            }
        }

        private mutating func append(_ line: Int, _ content: BulkRow.Content) {
            waiting.append(BulkRow(index: index, line: line, content: content))
            index += 1
        }
    }
}

extension InputRow {
    var problem: String? {
        if case .failure(let problem) = content { problem.text } else { nil }
    }
}

/// A file that is read block by block, off the threads of Swift's tasks.
struct InputFile: Sendable {
    static let blockBytes = 64 * 1024

    /// The field's name in messages.
    let name: String
    private let descriptor: Int32
    /// nil for what is no regular file.
    let size: Int?

    /// - Parameter path: `-` is standard input.
    /// - Throws: a usage failure if it cannot be opened.
    init(path: String) throws(CommandFailure) {
        if path == "-" {
            name = "standard input"
            descriptor = STDIN_FILENO
        } else {
            name = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw CommandFailure(
                    .usage, SystemError(path).description, advice: "Name a file to read, or - for standard input.")
            }
        }
        var status = stat()
        size = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// - Returns: the next block; empty at the end.
    func read() async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { [descriptor, name] in
            while true {
                var count = 0
                let block = [UInt8](unsafeUninitializedCapacity: Self.blockBytes) { buffer, filled in
                    count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                    filled = max(0, count)
                }
                if count >= 0 { return block }
                if errno != EINTR { throw CommandFailure(.refused, SystemError(name).description) }
            }
        }
    }

    /// All of it, without white space around it: a key or another secret.
    /// - Throws: a usage failure if it is no text, or too long for that.
    func trimmedText() async throws -> String {
        var bytes: [UInt8] = []
        while case let block = try await read(), !block.isEmpty, bytes.count <= Self.blockBytes { bytes += block }
        guard bytes.count <= Self.blockBytes, let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(name) is no text of at most \(Self.blockBytes) bytes")
        }
        let trimmed = text.trimmingPrefix(while: \.isWhitespace).reversed().trimmingPrefix(while: \.isWhitespace)
        return String(trimmed.reversed())
    }

    /// Bytes read so far of a regular file.
    var position: Int { Int(lseek(descriptor, 0, SEEK_CUR)) }
}
