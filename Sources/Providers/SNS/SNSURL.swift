/// URLs of Amazon's that a notification names. Who posts chooses them, so nothing is fetched but what these rules take,
/// which know one way of writing each: whatever could be read in two ways is refused.
enum SNSURL {
    /// `https://sns.REGION.amazonaws.com/NAME.pem`: the certificate that a notification was signed with.
    ///
    /// - Returns: its host; nil if it is none.
    static func certificateHost(_ url: String) -> String? {
        guard let (host, rest) = split(url), isHost(host), rest.hasPrefix("/"), rest.hasSuffix(".pem") else {
            return nil
        }
        let name = rest.dropFirst().dropLast(4)
        guard !name.isEmpty, name.utf8.allSatisfy({ isLetterOrDigit($0) || "-_".utf8.contains($0) }) else { return nil }
        return host
    }

    /// `https://sns.REGION.amazonaws.com/?Action=ConfirmSubscription&…`: where a subscription is confirmed.
    static func isConfirmation(_ url: String) -> Bool {
        guard let (host, rest) = split(url), isHost(host), rest.hasPrefix("/?") else { return false }
        let query = rest.dropFirst(2)
        return query.utf8.allSatisfy { isLetterOrDigit($0) || "-._~=&%:".utf8.contains($0) }
            && FormFields(decoding: query.utf8)?.only("Action") == "ConfirmSubscription"
    }

    /// `http://crt.AUTHORITY.amazontrust.com/NAME.cer`: the certificate of an authority of Amazon's. It needs no TLS,
    /// for it counts only within a chain to a root that is trusted.
    static func isIssuer(_ url: String) -> Bool {
        guard url.hasPrefix("http://crt."), url.hasSuffix(".cer") else { return false }
        let parts = url.dropFirst("http://crt.".count).dropLast(".cer".count).split(
            separator: ".amazontrust.com/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isLetterOrDigit) }
    }

    /// An https URL's authority, and what follows it.
    private static func split(_ url: String) -> (host: String, rest: Substring)? {
        let scheme = "https://"
        guard url.hasPrefix(scheme) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        return (String(host), rest.dropFirst(host.count))
    }

    /// `sns.REGION.amazonaws.com`, in China with `.cn` behind it; without user and port.
    private static func isHost(_ host: String) -> Bool {
        guard host.hasPrefix("sns."),
            let suffix = [".amazonaws.com", ".amazonaws.com.cn"].first(where: host.hasSuffix)
        else { return false }
        let region = host.dropFirst(4).dropLast(suffix.count)
        return host.utf8.count == 4 + region.utf8.count + suffix.utf8.count && isRegion(region)
    }

    /// A region's form, such as `eu-central-1`, `us-gov-west-1` or `eusc-de-east-1`: a partition of two to four letters,
    /// one or two words, and a number. Buckets and other names of Amazon's are none.
    private static func isRegion(_ text: Substring) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard (3...4).contains(parts.count), let last = parts.last, (1...2).contains(last.count),
            last.allSatisfy({ (48...57).contains($0) })
        else { return false }
        return (2...4).contains(parts[0].count)
            && parts.dropLast().allSatisfy { part in
                (2...12).contains(part.count) && part.allSatisfy { (97...122).contains($0) }
            }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
    }
}
