internal import Testing

/// As `#expect(value == expected)`, which cannot take what a mutating call returns.
func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}
