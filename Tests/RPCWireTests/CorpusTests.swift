internal import Foundation
internal import RPCWire
internal import Testing

/// Replays what the fuzzer found worth keeping, and every input cut short and with each byte changed.
@Suite struct CorpusTests {
    private func corpus() throws -> [[UInt8]] {
        let folder = repository.appending(path: "Tests/RPCWireTests/Corpus")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
    }

    @Test func nothingCrashes() throws {
        let exercise = DecoderExercise()
        let inputs = try corpus()
        #expect(inputs.count >= 30)
        for input in inputs {
            input.withUnsafeBytes(exercise.run)
            for count in input.indices {
                Array(input[..<count]).withUnsafeBytes(exercise.run)
                var changed = input
                changed[count] ^= 1 << UInt8(count % 8)
                changed.withUnsafeBytes(exercise.run)
            }
        }
    }
}
