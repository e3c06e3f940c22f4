import RPCWire
import SMSModel
import Testing

@testable import ApusClient

@Suite struct ReconnectTests {
    let message = OutgoingMessage(to: "+14155550100", body: "hello")

    @Test func aLostSendIsRepeatedOnTheNextConnection() async throws {
        let path = SocketPath.new()
        // The first try is taken, and never answered.
        let record = ScriptedGateway.Record(key: "") { call in
            call.number == 1 ? .nothing : .message(SendResponse.accepted(5))
        }
        let first = try await ScriptedGateway.start(at: path, record: record)
        var configuration = ClientConfiguration(address: .unix(path: path))
        configuration.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
        let client = GatewayClient(configuration: configuration)
        async let receipt = client.send(message)
        await record.waitForCalls(1)
        await first.stop()
        let second = try await ScriptedGateway.start(at: path, record: record)
        let id = try await receipt.id.rawValue
        #expect(id == 5)
        #expect(record.calls.count == 2)
        #expect(Set(record.calls.map(\.key)).count == 1)
        #expect(record.calls[1].attempt >= 1)
        await client.close()
        await second.stop()
    }

    @Test func aLostPauseIsNotRepeated() async throws {
        let path = SocketPath.new()
        let record = ScriptedGateway.Record(key: "") { _ in .nothing }
        let gateway = try await ScriptedGateway.start(at: path, record: record)
        let client = GatewayClient(configuration: ClientConfiguration(address: .unix(path: path)))
        let paused = Task { try await client.pause(.everything) }
        await record.waitForCalls(1)
        await gateway.stop()
        let error = await #expect(throws: ApusError.self) { _ = try await paused.value }
        #expect(error?.code == .unavailable)
        #expect(error?.notProcessed == false)
        await client.close()
    }

    @Test func waitsForAGatewayThatIsNotThereYet() async throws {
        let path = SocketPath.new()
        let record = ScriptedGateway.Record(key: "") { _ in .message(SendResponse.accepted()) }
        var configuration = ClientConfiguration(address: .unix(path: path))
        configuration.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
        let client = GatewayClient(configuration: configuration)
        async let receipt = client.send(message)
        let gateway = try await ScriptedGateway.start(at: path, record: record)
        _ = try await receipt
        await client.close()
        await gateway.stop()
    }

    @Test func failsAtOnceIfItIsNotToWait() async throws {
        var configuration = ClientConfiguration(address: .unix(path: SocketPath.new()))
        configuration.waitsForGateway = false
        configuration.timeout = .seconds(3600)
        let client = GatewayClient(configuration: configuration)
        let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
        #expect(error?.code == .unavailable)
        #expect(error?.notProcessed == true)
        await client.close()
    }

    @Test func givesUpAtTheDeadlineAndSaysWhy() async throws {
        var configuration = ClientConfiguration(address: .unix(path: SocketPath.new()))
        configuration.timeout = .milliseconds(80)
        configuration.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
        let client = GatewayClient(configuration: configuration)
        let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
        #expect(error?.code == .unavailable)
        #expect(error?.notProcessed == true)
        await client.close()
    }

    @Test func aRefusedKeyIsNotTriedAgain() async throws {
        try await withGateway(configure: { $0.key = "wrong" }, script: { _ in .nothing }) { client, record, _ in
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .unauthenticated)
            #expect(record.calls.isEmpty)
        }
    }
}
