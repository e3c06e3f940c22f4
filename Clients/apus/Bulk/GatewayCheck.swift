internal import ApusClient
internal import SMSModel

/// Has the gateway check the rows of a file as it would on their acceptance, country by country, and asks what a segment
/// costs in each. Nothing is accepted.
struct GatewayCheck {
    /// Rows of one country that wait for their check: this many for each country are in memory.
    private static let rowsAtOnce = 500
    /// The number of numbers that belong to no country, such as satellites'.
    private static let noCountry: Countries.Number = 0

    struct Country: Equatable {
        /// ISO 3166-1; `-` for numbers of no country.
        var name: String
        var accepted: UInt64 = 0
        var refused: UInt64 = 0
        var segments: UInt64 = 0
        var ucs2: UInt64 = 0
        /// Millionths of the currency, at the provider that a message of today would take; nil if it is not known.
        var segmentPrice: Int64?
        /// Why the price is not known.
        var problem: String?

        var price: Int64? {
            segmentPrice.map { Int64(clamping: segments).multipliedReportingOverflow(by: $0).partialValue }
        }
    }

    private struct Row {
        var place: UInt64
        var message: OutgoingMessage
    }

    let client: GatewayClient
    let report: RowReport
    private let lines: LineTable
    private var waiting: [Countries.Number: [Row]] = [:]
    private var countries: [Countries.Number: Country] = [:]
    private var samples: [Countries.Number: OutgoingMessage] = [:]
    private var refusals: [(line: Int, place: UInt64, refusal: BulkRefusal)] = []
    private var characters: [(line: Int, message: UCS2Message)] = []
    private(set) var totals = DryRunTotals()

    init(client: GatewayClient, report: RowReport, lines: LineTable) {
        self.client = client
        self.report = report
        self.lines = lines
    }

    /// Checks the rows of a plan.
    mutating func run(_ input: BulkInput, _ plan: SendPlan) async throws {
        var rows = input.makeAsyncIterator()
        while let row = try await rows.next() {
            guard plan.isSent[Int(row.place)], case .message(let message, _) = row.content else { continue }
            let number = Array(message.to.utf8).withUnsafeBytes { Countries.all.country(of: $0).country }
            waiting[number, default: []].append(Row(place: row.place, message: message))
            if waiting[number, default: []].count >= Self.rowsAtOnce { try await check(number) }
        }
        for number in waiting.keys.sorted() { try await check(number) }
        reportRows()
        for (number, message) in samples { try await price(number, message) }
        totals.countries = countries.values.sorted { $0.name < $1.name }
    }

    private mutating func check(_ number: Countries.Number) async throws {
        guard let rows = waiting.removeValue(forKey: number), !rows.isEmpty else { return }
        var options = BulkOptions()
        options.isDryRun = true
        var found: [BulkRefusal] = []
        var ucs2: [UCS2Message] = []
        let result = try await client.bulk(rows.map(\.message), batch: "check", options: options) { progress in
            found += progress.refusals
            ucs2 += progress.ucs2
        }
        let name = number == Self.noCountry ? "-" : Countries.all.code(number)
        var country = countries[number] ?? Country(name: name)
        country.accepted += result.accepted
        country.refused += result.refused
        country.segments += result.dryRun.segments
        country.ucs2 += result.dryRun.ucs2
        countries[number] = country
        totals.add(result)
        let refused = Set(found.map(\.index))
        if samples[number] == nil {
            samples[number] = rows.indices.first { !refused.contains(UInt64($0)) }.map { rows[$0].message }
        }
        for refusal in found {
            let place = rows[Int(refusal.index)].place
            refusals.append((lines.line(of: place) ?? 0, place, refusal))
        }
        for message in ucs2 {
            characters.append((lines.line(of: rows[Int(message.index)].place) ?? 0, message))
        }
        if refusals.count > FileSurvey.rowsShown * Self.rowsAtOnce { reportRows() }
        report.progress.show("\(totals.accepted) would be accepted, \(totals.refused) refused")
    }

    private mutating func reportRows() {
        for row in totals.note(characters.sorted { $0.line < $1.line }) {
            report.note("line \(row.line): \(row.message.text)")
        }
        for row in refusals.sorted(by: { $0.line < $1.line }) {
            report.refusal(line: row.line, place: row.place, row.refusal)
        }
        refusals.removeAll()
        characters.removeAll()
    }

    private mutating func price(_ number: Countries.Number, _ message: OutgoingMessage) async throws {
        do throws(ApusError) {
            let explanation = try await client.explain(message)
            if explanation.provider != nil {
                countries[number]?.segmentPrice = explanation.segmentPrice
            } else {
                countries[number]?.problem = explanation.reason
            }
        } catch {
            // Not every key may ask, and the rest of the check holds without.
            guard error.code == .permissionDenied else { throw error }
            countries[number]?.problem = error.message
        }
    }
}
