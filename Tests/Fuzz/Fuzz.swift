// The fuzzer's entry: see .ci/fuzz.

private nonisolated(unsafe) let exercise = DecoderExercise()  // libFuzzer calls from one thread

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    exercise.run(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}
