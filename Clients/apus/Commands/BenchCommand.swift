internal import ArgumentParser
struct BenchCommand: AsyncParsableCommand { static let configuration = CommandConfiguration(commandName: "bench") 
    mutating func run() async throws { } }
