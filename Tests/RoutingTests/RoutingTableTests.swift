internal import ConfigurationModel
internal import GatewayTestKit
internal import JSON
internal import Routing
internal import SMSModel
internal import Testing
internal import TimeZones

private let anna = TenantID(rawValue: 1)
private let bertha = TenantID(rawValue: 2)
/// Monday, 2026-11-30, 00:00 UTC.
private let monday: Int64 = 1_795_996_800_000
private let minute: Int64 = 60_000

private func country(_ code: String) -> Destination {
    .country(Countries.all.number(of: code) ?? 0)
}

private func prefix(_ digits: String) -> Destination { .prefix(Array(digits.utf8)) }

/// - Returns: the name of the route that is taken.
private func taken(
    _ table: RoutingTable, _ recipient: String, tenant: TenantID = anna, sender: String = "",
    priority: Priority = .normal
) -> String? {
    Array(recipient.utf8).withUnsafeBytes { recipient in
        Array(sender.utf8).withUnsafeBytes { sender in
            table.route(
                of: RoutingQuery(tenant: tenant, priority: priority, recipient: recipient, sender: sender)
            ).map { table.routes[$0].name }
        }
    }
}

private func route(_ name: String, _ configure: (inout Route) -> Void = { _ in }) -> Route {
    var route = Route(name: name, providers: [1])
    configure(&route)
    return route
}

private func window(_ days: [String], _ from: Int, _ to: Int, zone: TimeZoneRules = .utc) -> RouteWindow {
    var window = TimeWindow()
    window.days = Weekdays(days.map { Weekdays(rawValue: 1 << UInt8(Weekdays.names.firstIndex(of: $0) ?? 7)) })
    window.from = from
    window.to = to
    return RouteWindow(window, zone: zone)
}

@Suite struct RoutingTableTests {
    @Test func withoutRoutesThereIsNone() {
        #expect(taken(RoutingTable([], now: monday), "+4915112345678") == nil)
    }

    @Test func theFirstThatMatchesDecides() {
        let table = RoutingTable(
            [
                route("mobile") { $0.destinations = [prefix("4915")] },
                route("germany") { $0.destinations = [country("DE")] },
                route("north america") { $0.destinations = [country("US"), country("CA")] },
                route("fours") { $0.destinations = [prefix("4")] },
                route("rest"),
            ], now: monday)
        #expect(taken(table, "+4915112345678") == "mobile")
        #expect(taken(table, "+4930123456") == "germany")
        #expect(taken(table, "+12125550100") == "north america")
        // The Bahamas share their calling code.
        #expect(taken(table, "+12425550100") == "rest")
        #expect(taken(table, "+43123456789") == "fours")
        #expect(taken(table, "+33123456789") == "rest")
    }

    /// An earlier route for more wins over a later one for less: order decides, not length.
    @Test func orderDecidesNotLength() {
        let table = RoutingTable(
            [route("all"), route("germany") { $0.destinations = [country("DE")] }], now: monday)
        #expect(taken(table, "+4930123456") == "all")
    }

    @Test func conditionsAllHold() {
        let table = RoutingTable(
            [
                route("anna's codes") {
                    $0.tenants = [anna]
                    $0.senders = ["ACME", "+491511"]
                    $0.priorities = [.urgent, .normal]
                    $0.destinations = [country("DE")]
                }
            ], now: monday)
        #expect(taken(table, "+4930123456", sender: "ACME") != nil)
        #expect(taken(table, "+4930123456", sender: "+491511", priority: .urgent) != nil)
        #expect(taken(table, "+4930123456", sender: "ACM") == nil)
        #expect(taken(table, "+4930123456", sender: "") == nil)
        #expect(taken(table, "+4930123456", tenant: bertha, sender: "ACME") == nil)
        #expect(taken(table, "+4930123456", sender: "ACME", priority: .bulk) == nil)
        #expect(taken(table, "+3930123456", sender: "ACME") == nil)
    }

    @Test func windowsOpenAndClose() {
        var table = RoutingTable(
            [
                route("office") { $0.windows = [window(["MON", "TUE", "WED", "THU", "FRI"], 480, 1080)] },
                route("night") { $0.windows = [window(["SUN"], 1320, 120)] },
            ], now: monday)
        // Monday 00:00 belongs to Sunday's night.
        #expect(taken(table, "+4930123456") == "night")
        #expect(table.nextChange == monday + minute)
        func at(_ minutes: Int64) -> String? {
            _ = table.advance(to: monday + minutes * minute)
            return taken(table, "+4930123456")
        }
        #expect(at(119) == "night")
        #expect(at(120) == nil)
        #expect(at(479) == nil)
        #expect(at(480) == "office")
        #expect(at(1079) == "office")
        #expect(at(1080) == nil)
        #expect(at(5 * 1440 + 600) == nil)
        #expect(at(6 * 1440 + 1320) == "night")
        #expect(table.advance(to: monday + (6 * 1440 + 1321) * minute) == false)
    }

    /// Over a Sunday on which the clocks change.
    @Test(arguments: [
        // Berlin goes from 02:00 to 03:00 at 01:00 UTC, and back at 01:00 UTC.
        ClockChange("Europe/Berlin", 120, 240, "2027-03-28", open: [60..<120]),
        ClockChange("Europe/Berlin", 130, 170, "2027-03-28", open: []),
        ClockChange("Europe/Berlin", 120, 240, "2027-10-31", open: [0..<180]),
        ClockChange("Europe/Berlin", 135, 165, "2027-10-31", open: [15..<45, 75..<105]),
        // The day has 23 hours.
        ClockChange("Europe/Berlin", 0, 1440, "2027-03-28", open: [0..<1320]),
        // New York goes from 02:00 to 03:00 at 07:00 UTC, and back at 06:00 UTC.
        ClockChange("America/New_York", 60, 240, "2027-03-14", open: [360..<480]),
        ClockChange("America/New_York", 60, 120, "2027-11-07", open: [300..<420]),
        // Lord Howe goes by half an hour, from 02:00 to 02:30 at 15:30 UTC the day before, and back at 15:00 UTC.
        ClockChange("Australia/Lord_Howe", 90, 180, "2027-10-03", day: -1, open: [900..<960]),
        ClockChange("Australia/Lord_Howe", 90, 120, "2027-04-04", day: -1, open: [870..<930]),
        ClockChange("UTC", 120, 240, "2027-03-28", open: [120..<240]),
    ])
    private func windowsHoldOverAChangeOfClocks(_ change: ClockChange) throws {
        let rules = try TimeZoneDatabase(environment: [:]).rules(named: change.zone)
        let start = change.start
        var table = RoutingTable(
            [route("night") { $0.windows = [window(["SUN"], change.from, change.to, zone: rules)] }], now: start)
        let open = (0..<24 * 60).filter { place in
            let now = start + Int64(place) * minute
            if now >= table.nextChange { _ = table.advance(to: now) }
            return taken(table, "+4930123456") != nil
        }
        #expect(open == change.open.flatMap { Array($0) })
    }

    /// A zone that is not there any more leaves a route that is never open, not one that always is.
    @Test func timesOfAnUnknownZoneNeverCome() throws {
        let document = """
            {"providers": {"a": {"kind": "sandbox"}}, "routes": {"r": {"providers": ["a"], "times":
            [{"zone": "Europe/Berlin", "from": "08:00"}]}}}
            """
        let routes = try DynamicConfiguration().applying(try JSONValue(document), isPartial: true).routes
        let noon = monday + 720 * minute
        for (zones, name) in [([:], nil), (["Europe/Berlin": TimeZoneRules(offset: 3600)], "r")] {
            let all = Route.all(of: routes, providers: ["a": 1], tenants: [:], zones: zones)
            #expect(taken(RoutingTable(all, now: noon), "+4930123456") == name)
        }
    }

    @Test func whyARouteIsNotTakenIsTold() {
        let table = RoutingTable(
            [
                route("office") {
                    $0.destinations = [country("DE")]
                    $0.tenants = [anna]
                    $0.senders = ["ACME"]
                    $0.priorities = [.bulk]
                    $0.windows = [window(["WED"], 0, 1440)]
                }
            ], now: monday)
        func verdict(_ recipient: String, _ tenant: TenantID, _ sender: String, _ priority: Priority) -> RouteMatch {
            Array(recipient.utf8).withUnsafeBytes { recipient in
                Array(sender.utf8).withUnsafeBytes { sender in
                    table.verdict(
                        on: 0,
                        RoutingQuery(tenant: tenant, priority: priority, recipient: recipient, sender: sender))
                }
            }
        }
        #expect(verdict("+3930123456", anna, "ACME", .bulk) == .otherDestination)
        #expect(verdict("+4930123456", bertha, "ACME", .bulk) == .otherTenant)
        #expect(verdict("+4930123456", anna, "", .bulk) == .otherSender)
        #expect(verdict("+4930123456", anna, "ACME", .urgent) == .otherPriority)
        #expect(verdict("+4930123456", anna, "ACME", .bulk) == .otherTime)
    }

    /// Against a plain reading of the rules.
    @Test(arguments: 1...20) func randomTablesAgree(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let codes = ["DE", "US", "CA", "BS", "GB", "GG", "KZ", "RU"]
        func digits(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0x31...0x39, using: &random) } }
        let routes = (0..<8).map { number in
            route("\(number)") { route in
                route.destinations = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    Bool.random(using: &random)
                        ? country(codes.randomElement(using: &random) ?? "DE")
                        : .prefix(digits(Int.random(in: 1...4, using: &random)))
                }
                if Bool.random(using: &random) { route.priorities = [.urgent] }
            }
        }
        let table = RoutingTable(routes, now: monday)
        for _ in 0..<500 {
            let start = [
                [UInt8]("49".utf8), Array("1".utf8), Array("1242".utf8), Array("44".utf8), Array("7".utf8), [],
            ]
            let number =
                [UInt8(ascii: "+")] + (start.randomElement(using: &random) ?? []) + digits(8)
            let priority: Priority = Bool.random(using: &random) ? .urgent : .bulk
            let text = String(decoding: number, as: UTF8.self)
            let expected = routes.first { route in
                (route.priorities?.contains(priority) ?? true)
                    && route.destinations?.contains { destination in
                        switch destination {
                        case .prefix(let digits): number.dropFirst().starts(with: digits)
                        case .country(let wanted):
                            number.withUnsafeBytes { Countries.all.country(of: $0).country } == wanted
                        }
                    } ?? true
            }
            #expect(taken(table, text, priority: priority) == expected?.name, "\(text), seed \(seed)")
        }
    }
}

/// What a window of Sundays is open for, in minutes of a day in UTC.
private struct ClockChange: Sendable, CustomTestStringConvertible {
    let zone: String
    let from: Int
    let to: Int
    let date: String
    let start: Int64
    let open: [Range<Int>]

    /// - Parameter day: the day in UTC, from the date on.
    init(_ zone: String, _ from: Int, _ to: Int, _ date: String, day: Int = 0, open: [Range<Int>]) {
        self.zone = zone
        self.from = from
        self.to = to
        self.date = date
        self.open = open
        let parts = date.split(separator: "-").compactMap { Int($0) }
        let found = CalendarDate(year: parts[0], month: parts[1], day: parts[2])
        start = Int64((found?.daysSinceEpoch ?? 0) + day) * 86_400_000
    }

    var testDescription: String { "\(zone) on \(date), \(from) to \(to)" }
}
