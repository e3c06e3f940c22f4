internal import Testing

/// Does what `#expect(value == expected)` does, which cannot take what a mutating call returns.
func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}
