internal import ApusClient
internal import ArgumentParser
internal import FoundationEssentials

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines this installation: what is wrong with it, why, and what to do.",
        discussion: """
            Looks at the way to the gateway, at its health, its providers, its clock, disk and certificates, and at the \
            key. Each finding is ok, warning or failure; skipped is what could not be found out, most of all while the \
            gateway is down. Changes nothing. The exit code is 1 if there is a failure, else 0.
            """)

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let findings = await examine()
        connection.print(json: findings.json, text: findings.text)
        let failures = findings.count(of: .failure)
        guard failures == 0 else {
            throw CommandFailure(
                .refused, "\(counted(failures, "check")) failed", advice: "See what to do behind each -> above.")
        }
    }

    private func examine() async -> [Finding] {
        let warnings = KeyWarnings()
        var locator = ServerLocator.current
        locator.warn = { warnings.texts.append($0) }
        do {
            let endpoint = try connection.endpoint(by: locator)
            var findings = LocalChecks.findings(of: endpoint, keyWarnings: warnings.texts)
            let client = GatewayClient(configuration: try connection.configuration(of: endpoint))
            findings += await examine(client, hasKey: endpoint.key != nil || endpoint.tls.cert != nil)
            await client.close()
            return findings
        } catch let failure as CommandFailure {
            return [Finding("gateway", .failure, failure.what, advice: failure.advice)]
        } catch {
            return [Finding("gateway", .failure, "\(error)")]
        }
    }

    private func examine(_ client: GatewayClient, hasKey: Bool) async -> [Finding] {
        let asked = Date()
        let health: GatewayHealth
        var credential: Finding?
        do throws(ApusError) {
            health = try await client.health()
        } catch {
            // A key that is refused closes the connection, whatever is asked.
            if error.code == .unauthenticated { return [GatewayChecks.credential(error, hasKey: hasKey)] }
            let advice = CommandFailure(error).advice
            return [
                Finding("connection", .failure, "\(error.message) (\(error.code))", advice: advice),
                Finding("health", .skipped, "the gateway doesn't answer"),
            ]
        }
        var findings = [
            Finding("connection", .ok, "the gateway answers"),
            GatewayChecks.clock(health.now, asked: asked, answered: Date()),
        ]
        var isAdministrator = false
        do throws(ApusError) {
            let description = try await client.describe()
            isAdministrator = description.scopes.contains("admin")
            findings.append(GatewayChecks.version(description.serverAgent, client: ApusCommand.version))
            credential = GatewayChecks.credential(description)
        } catch {
            credential = GatewayChecks.credential(error, hasKey: hasKey)
        }
        if let credential { findings.append(credential) }
        findings += GatewayChecks.health(health)
        return findings + GatewayChecks.providers(health, isAdministrator: isAdministrator)
    }
}

/// Gathers what the locator says of files of keys.
private final class KeyWarnings {
    var texts: [String] = []
}
