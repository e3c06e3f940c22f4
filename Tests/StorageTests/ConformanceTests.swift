internal import GatewayTestKit
internal import Testing

@Suite struct StoreConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func sqlite(_ test: StoreConformance.Case) throws {
        try test.run(SQLiteFixture())
    }
}
