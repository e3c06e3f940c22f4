package import SMSModel

/// Which numbers a tenant may send to: countries and prefixes that are allowed, and some that are blocked. The longest
/// that a number begins with decides, of equals the one that refuses. Checked for each message: some nanoseconds,
/// without allocating.
package struct DestinationPolicy: Sendable {
    package static let everywhere = DestinationPolicy(others: true)
    package static let nowhere = DestinationPolicy(others: false)

    /// The rules as values of tables.
    private enum Rule {
        static let none: UInt16 = 0
        static let allowed: UInt16 = 1
        static let blocked: UInt16 = 2
    }

    /// Whether all numbers may be sent to.
    private let isEverywhere: Bool
    private let allowsOthers: Bool
    private var prefixes = PrefixTable()
    /// The rule by the country's number; empty if no country is named.
    private var byCountry: [UInt16] = []
    /// Not kept: there is a policy for each tenant.
    private var countries: Countries { Countries.all }

    private init(others: Bool) {
        isEverywhere = others
        allowsOthers = others
    }

    /// - Parameters:
    ///   - allowed: countries (`DE`) and prefixes (`+4915`); nil = everywhere.
    ///   - blocked: the same.
    package init(allowed: [String]?, blocked: [String]) throws(DestinationProblem) {
        isEverywhere = allowed == nil && blocked.isEmpty
        allowsOthers = allowed == nil
        for destination in allowed ?? [] { try set(destination, Rule.allowed) }
        // After the others: what is both is blocked.
        for destination in blocked { try set(destination, Rule.blocked) }
    }

    private mutating func set(_ destination: String, _ rule: UInt16) throws(DestinationProblem) {
        switch try Destination(destination) {
        case .country(let country):
            if byCountry.isEmpty { byCountry = Array(repeating: Rule.none, count: countries.codes.count + 1) }
            byCountry[Int(country)] = rule
        case .prefix(let digits): prefixes.insert(digits, rule)
        }
    }

    /// Why a number may not be sent to, in one sentence, or nil.
    ///
    /// - Parameter number: in E.164, checked.
    @inline(__always)
    package func refusal(of number: UnsafeRawBufferPointer) -> String? {
        isEverywhere ? nil : ruledRefusal(of: number)
    }

    private func ruledRefusal(of number: UnsafeRawBufferPointer) -> String? {
        var (rule, digits) = prefixes.longest(of: number)
        var country: UInt16 = 0
        if !byCountry.isEmpty {
            let home = countries.country(of: number)
            let homeRule = byCountry[Int(home.country)]
            if homeRule != Rule.none, home.digits > digits || (home.digits == digits && homeRule == Rule.blocked) {
                (rule, digits, country) = (homeRule, home.digits, home.country)
            }
        }
        switch rule {
        case Rule.allowed: return nil
        case Rule.none where allowsOthers: return nil
        case Rule.none: return notAllowed(number)
        default:
            let place =
                country == 0
                ? "numbers that begin with \(String(decoding: number.prefix(digits + 1), as: UTF8.self)): they are"
                : "\(countries.code(country)): it is"
            return "The tenant may not send to \(place) among its blocked destinations."
        }
    }

    private func notAllowed(_ number: UnsafeRawBufferPointer) -> String {
        let (country, _) = countries.country(of: number)
        let place = country == 0 ? "this number, which is of no country" : countries.code(country)
        return "The tenant may not send to \(place): it is not among its allowed destinations."
    }
}
