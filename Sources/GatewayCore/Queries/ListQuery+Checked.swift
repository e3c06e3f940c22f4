internal import Engine
package import SMSModel

extension ListQuery {
    /// - Parameters:
    ///   - limit: nil = the default.
    ///   - cursor: as the page before gave it; empty = the first page.
    /// - Throws: INVALID_ARGUMENT with every condition that no message could be meant by, and for a cursor that is none.
    package init(
        checking filter: MessageFilter, limit: Int?, cursor: [UInt8], oldestFirst: Bool
    ) throws(GatewayError) {
        self.init(filter, oldestFirst: oldestFirst)
        if let limit { self.limit = limit }
        self.cursor = ListCursor(bytes: cursor)
        var violations = filter.violations
        if self.cursor == nil, !cursor.isEmpty { violations.append(.badCursor) }
        guard violations.isEmpty else { throw .invalid(violations) }
    }
}

extension FieldViolation {
    static let badCursor = FieldViolation(
        field: "cursor", description: "The cursor is not one that a page of a listing had.")
}

extension MessageFilter {
    fileprivate var violations: [FieldViolation] {
        var found: [FieldViolation] = []
        for (field, time) in [("from_ms", from), ("until_ms", until)] where time < 0 {
            found.append(
                FieldViolation(
                    field: field, description: "A time cannot be negative; it counts milliseconds since 1970."))
        }
        if from >= 0, until > 0, from > until {
            found.append(FieldViolation(field: "from_ms", description: "The listing would begin after its end."))
        }
        var number = recipient
        if let problem = recipient.isEmpty ? nil : number.withUTF8({ PhoneNumber.check(UnsafeRawBufferPointer($0)) }) {
            found.append(FieldViolation(field: "to", description: problem.description))
        }
        return found
    }
}
