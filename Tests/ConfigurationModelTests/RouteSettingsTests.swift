import ConfigurationModel
import JSON
import SMSModel
import Testing

@Suite struct RouteSettingsTests {
    private static let providers =
        "{\"a\": {\"kind\": \"sandbox\"}, \"b\": {\"kind\": \"sandbox\", \"enabled\": false}}"

    private func settings(_ json: String) throws -> RouteSettings {
        try #require(try Documents.applied(providers: Self.providers, routes: "{\"r\": \(json)}").routes["r"])
    }

    /// Without the path of the route.
    private func problems(_ json: String) throws -> [String] {
        try Documents.problems(providers: Self.providers, routes: "{\"r\": \(json)}")
            .map { String($0.trimmingPrefix("routes.r")) }
    }

    @Test func allThatMayBeSaid() throws {
        let json = """
            {"destinations":["DE","+4915"],"order":10,"overflow":false,"policy":"LEAST_COST",\
            "priorities":["URGENT","BULK"],"providers":["b","a"],"sender":{"fallback":"+14155550100"},"senders":["Acme","+4915"],"tenants":["shop"],\
            "times":[{"days":["MON","FRI"],"from":"08:00","to":"20:30"},{"from":"22:00","to":"06:00"}]}
            """
        let settings = try settings(json)
        #expect(settings.order == 10)
        #expect(settings.destinations == ["DE", "+4915"])
        #expect(settings.tenants == ["shop"])
        #expect(settings.senders == ["Acme", "+4915"])
        #expect(settings.sender?.fallback == "+14155550100")
        #expect(settings.priorities == [.urgent, .bulk])
        #expect(settings.times?.count == 2)
        #expect(settings.policy == .leastCost)
        #expect(settings.providers == ["b", "a"])
        #expect(!settings.overflow)
        #expect(settings.json.text == json)
    }

    @Test func whatIsLeftOut() throws {
        let settings = try settings("{\"providers\": [\"a\"]}")
        #expect(settings.order == Limits.routeOrderDefault)
        #expect(settings.policy == .order && settings.overflow && settings.reject == nil)
        #expect(settings.destinations == nil && settings.tenants == nil && settings.senders == nil)
        #expect(settings.priorities == nil && settings.times == nil)
        #expect(settings.json.text == "{\"providers\":[\"a\"]}")
    }

    @Test func aRouteSendsOrRefuses() throws {
        #expect(try settings("{\"reject\": \"no premium numbers\"}").reject == "no premium numbers")
        #expect(try settings("{\"reject\": \"no\"}").json.text == "{\"reject\":\"no\"}")
        #expect(try problems("{}") == [".providers: is missing; give at least one, or a reason to reject"])
        #expect(try problems("{\"providers\": []}").count == 1)
        #expect(try problems("{\"reject\": \"no\", \"providers\": [\"a\"], \"policy\": \"ORDER\"}").count == 2)
        #expect(try problems("{\"reject\": \"no\", \"sender\": {\"fallback\": \"12345\"}}").count == 1)
        #expect(try problems("{\"reject\": \"\"}").count == 1)
        let longest = String(repeating: "r", count: Limits.rejectionBytes)
        #expect(try problems("{\"reject\": \"\(longest)\"}") == [])
        #expect(try problems("{\"reject\": \"\(longest)r\"}").count == 1)
    }

    @Test func whatItNamesMustBeThere() throws {
        #expect(
            try problems("{\"providers\": [\"a\", \"c\"], \"tenants\": [\"nobody\", \"shop\"]}") == [
                ".providers[1]: names c, which is not there", ".tenants[0]: names nobody, which is not there",
            ])
        // Neither the provider nor the tenant of a route can go away.
        let current = try Documents.applied(
            providers: Self.providers, routes: "{\"r\": {\"providers\": [\"a\"], \"tenants\": [\"shop\"]}}")
        for document in ["{\"providers\": {\"a\": null}}", "{\"tenants\": {\"shop\": null}}"] {
            #expect(throws: ConfigurationError.self) {
                try current.applying(JSONValue(document), isPartial: true)
            }
        }
        let both = try current.applying(
            JSONValue("{\"providers\": {\"a\": null}, \"routes\": {\"r\": null}}"), isPartial: true)
        #expect(both.providers.keys.sorted() == ["b"])
        // One that can't be read is there all the same.
        #expect(
            try Documents.problems(
                providers: "{\"a\": {\"kind\": \"pigeon\"}}", routes: "{\"r\": {\"providers\": [\"a\"]}}"
            ).count == 1)
    }

    @Test(arguments: [
        ("order", ["0", "\(Limits.routeOrder)"], ["-1", "\(Limits.routeOrder + 1)", "\"1\""]),
        ("destinations", ["[\"DE\"]"], ["[]", "[\"de\"]", "[\"+\"]", "[\"DE\", \"DE\"]", "\"DE\""]),
        ("tenants", ["[\"shop\"]"], ["[]", "[\"a b\"]"]), ("senders", ["[\"12345\"]"], ["[]", "[\"+x\"]"]),
        ("priorities", ["[\"NORMAL\"]"], ["[]", "[\"normal\"]", "[\"BULK\", \"BULK\"]"]),
        ("policy", ["\"WEIGHT\"", "\"FASTEST\""], ["\"order\"", "1"]), ("overflow", ["true"], ["\"no\""]),
        ("times", ["[{}]"], ["[]", "{}"]),
    ]) func bounds(_ name: String, _ good: [String], _ bad: [String]) throws {
        for value in good {
            #expect(try problems("{\"providers\": [\"a\"], \"\(name)\": \(value)}") == [], "\(name): \(value)")
        }
        for value in bad {
            let found = try problems("{\"providers\": [\"a\"], \"\(name)\": \(value)}")
            #expect(found.count == 1 && found[0].hasPrefix(".\(name)"), "\(name): \(value): \(found)")
        }
    }

    @Test func listsHaveALength() throws {
        func list(_ count: Int, _ element: (Int) -> String) -> String {
            "[\((0..<count).map(element).joined(separator: ","))]"
        }
        func route(_ name: String, _ list: String) -> String { "{\"providers\": [\"a\"], \"\(name)\": \(list)}" }
        let times = { (count: Int) in route("times", list(count) { _ in "{}" }) }
        #expect(try problems(times(Limits.timeWindows)) == [])
        #expect(try problems(times(Limits.timeWindows + 1)).count == 1)
        let destinations = { (count: Int) in route("destinations", list(count) { "\"+\(10_000 + $0)\"" }) }
        #expect(try problems(destinations(Limits.listedDestinations)) == [])
        #expect(try problems(destinations(Limits.listedDestinations + 1)).count == 1)

        func withProviders(_ count: Int) throws -> [String] {
            let names = (0..<count).map { "\"p\($0)\"" }
            return try Documents.problems(
                providers: "{\(names.map { "\($0): {\"kind\": \"sandbox\"}" }.joined(separator: ","))}",
                routes: "{\"r\": {\"providers\": [\(names.joined(separator: ","))]}}")
        }
        #expect(try withProviders(Limits.routeProviders) == [])
        #expect(try withProviders(Limits.routeProviders + 1).count == 1)

        func routes(_ count: Int) throws -> [String] {
            let list = (0..<count).map { "\"r\($0)\": {\"reject\": \"no\"}" }.joined(separator: ",")
            return try Documents.problems(routes: "{\(list)}")
        }
        #expect(try routes(Limits.routes) == [])
        #expect(try routes(Limits.routes + 1).count == 1)
    }

    // MARK: Times

    private func window(_ json: String) throws -> TimeWindow {
        try #require(try settings("{\"providers\": [\"a\"], \"times\": [\(json)]}").times?.first)
    }

    /// - Parameter day: of January 1970, the first of which was a Thursday.
    private func time(_ day: Int64, _ hour: Int64, _ minute: Int64) -> Int64 {
        (((day - 1) * 24 + hour) * 60 + minute) * 60
    }

    @Test func hoursOfADay() throws {
        let window = try window("{\"days\": [\"MON\", \"THU\"], \"from\": \"08:00\", \"to\": \"20:00\"}")
        #expect(!window.contains(wall: time(1, 8, 0) - 1))
        #expect(window.contains(wall: time(1, 8, 0)))
        #expect(window.contains(wall: time(1, 20, 0) - 1))
        #expect(!window.contains(wall: time(1, 20, 0)))
        #expect(!window.contains(wall: time(2, 12, 0)), "a Friday")
        #expect(window.contains(wall: time(5, 12, 0)), "a Monday")
        #expect(window.contains(wall: time(5 - 7, 12, 0)), "and the one a week before, in 1969")
    }

    @Test func hoursOverMidnight() throws {
        let window = try window("{\"days\": [\"FRI\"], \"from\": \"22:00\", \"to\": \"06:00\"}")
        #expect(!window.contains(wall: time(2, 5, 0)))
        #expect(!window.contains(wall: time(2, 21, 59)))
        #expect(window.contains(wall: time(2, 22, 0)))
        #expect(window.contains(wall: time(3, 5, 59)))
        #expect(!window.contains(wall: time(3, 6, 0)))
        #expect(!window.contains(wall: time(3, 22, 0)))
        // Until midnight, however that is written.
        for midnight in ["00:00", "24:00"] {
            let evening = try self.window("{\"days\": [\"FRI\"], \"from\": \"22:00\", \"to\": \"\(midnight)\"}")
            #expect(evening.contains(wall: time(2, 23, 59)))
            #expect(!evening.contains(wall: time(3, 0, 0)))
        }
    }

    @Test func wholeDays() throws {
        let weekend = try window("{\"days\": [\"SUN\", \"SAT\"]}")
        #expect((1...7).filter { weekend.contains(wall: time($0, 0, 0)) } == [3, 4])
        #expect((1...7).filter { weekend.contains(wall: time($0, 23, 59)) } == [3, 4])
        #expect(try window("{}") == TimeWindow())
        #expect((1...7).allSatisfy { TimeWindow().contains(wall: time($0, 13, 0)) })
    }

    @Test(
        arguments: [
            ("MON-FRI", ["MON", "TUE", "WED", "THU", "FRI"]), ("SAT-MON", ["MON", "SAT", "SUN"]), ("WED-WED", ["WED"]),
            ("MON-SUN", nil), ("TUE-MON", nil),
        ] as [(String, [String]?)]) func daysInARow(_ days: String, _ expected: [String]?) throws
    {
        let window = try window("{\"days\": [\"\(days)\"], \"from\": \"08:00\"}")
        #expect(window.days.names == expected ?? Weekdays.names)
        let other = try self.window("{\"days\": [\"\(days)\", \"MON\"], \"from\": \"08:00\"}")
        #expect(other.days == window.days.union(Weekdays(rawValue: 1)))
    }

    @Test func zonesAreKept() throws {
        let json = #"{"providers":["a"],"times":[{"to":"08:00","zone":"America/Argentina/Buenos_Aires"}]}"#
        let settings = try settings(json)
        #expect(settings.times?.first?.zone == "America/Argentina/Buenos_Aires")
        #expect(settings.timeZones == ["America/Argentina/Buenos_Aires"])
        #expect(settings.json == (try JSONValue(json)))
        let longest = String(repeating: "a", count: Limits.timeZoneNameBytes)
        #expect(try problems(json.replacing("America/Argentina/Buenos_Aires", with: longest)).isEmpty)
    }

    @Test(arguments: [
        "{\"zone\": \"\"}", "{\"zone\": \"../etc/passwd\"}", "{\"zone\": \"/etc/localtime\"}", "{\"zone\": 1}",
        "{\"zone\": \"\(String(repeating: "a", count: Limits.timeZoneNameBytes + 1))\"}",
        "{\"days\": [\"MON-\"]}", "{\"days\": [\"MON-TUE-WED\"]}", "{\"days\": [\"FRI-MONDAY\"]}",
        "{\"from\": \"8:00\"}", "{\"from\": \"24:00\"}", "{\"to\": \"24:01\"}", "{\"from\": \"08:60\"}",
        "{\"from\": \"+8:00\"}", "{\"from\": \"08:+5\"}", "{\"from\": \"08.00\"}", "{\"from\": 8}",
        "{\"from\": \"08:00\", \"to\": \"08:00\"}", "{\"days\": []}", "{\"days\": [\"MONDAY\"]}", "{\"day\": 1}",
        "{\"from\": \"-1:00\"}",
    ]) func timesThatAreNone(_ json: String) throws {
        let found = try problems("{\"providers\": [\"a\"], \"times\": [\(json)]}")
        #expect(found.count == 1 && found[0].hasPrefix(".times[0]."), "\(found)")
    }
}
