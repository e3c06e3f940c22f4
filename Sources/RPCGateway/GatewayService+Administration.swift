internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import Providers
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Storage

/// The methods about opt-outs, usage, the configuration, keys and the audit log. That the caller may call them at all
/// has been checked.
extension GatewayService {
    func administer(_ method: RPCMethod, _ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection)
    {
        switch method {
        case .suppress: setSuppressed(request, caller, true, on: connection)
        case .unsuppress: setSuppressed(request, caller, false, on: connection)
        case .suppressions: suppressions(request, caller, on: connection)
        case .usage: usage(request, caller, on: connection)
        case .configShow:
            guard let message = decoded(ConfigShowRequest.self, request, on: connection) else { return }
            administration.show(message, asker: connection.id.asker, later(request, on: connection))
        case .configApply:
            guard let message = decoded(ConfigApplyRequest.self, request, on: connection) else { return }
            let act = act(caller, on: connection, note: message.note)
            administration.apply(message, by: act, later(request, on: connection))
        case .configRollback:
            guard let message = decoded(ConfigRollbackRequest.self, request, on: connection) else { return }
            let act = act(caller, on: connection, note: message.note)
            administration.rollBack(message, by: act, later(request, on: connection))
        case .configHistory:
            guard let message = decoded(ConfigHistoryRequest.self, request, on: connection) else { return }
            administration.history(message, asker: connection.id.asker, later(request, on: connection))
        case .keyList:
            guard let message = decoded(KeyListRequest.self, request, on: connection) else { return }
            administration.listKeys(message, asker: connection.id.asker, later(request, on: connection))
        case .keyCreate:
            guard let message = decoded(KeyCreateRequest.self, request, on: connection) else { return }
            let act = act(caller, on: connection, note: message.note)
            administration.createKey(message, by: act, later(request, on: connection))
        case .keyRevoke:
            guard let message = decoded(KeyRevokeRequest.self, request, on: connection) else { return }
            administration.revokeKey(message, by: act(caller, on: connection), later(request, on: connection))
        case .providerTest:
            guard let message = decoded(ProviderTestRequest.self, request, on: connection) else { return }
            testProvider(message.name, later(request, on: connection))
        default:
            guard let message = decoded(AuditRequest.self, request, on: connection) else { return }
            administration.audit(message, asker: connection.id.asker, later(request, on: connection))
        }
    }

    private func setSuppressed(
        _ request: RPCRequest, _ caller: Principal, _ isAdded: Bool, on connection: RPCServerConnection
    ) {
        guard let message = decoded(SuppressRequest.self, request, on: connection) else { return }
        do throws(GatewayError) {
            let tenant = try tenants.subject(named: message.tenant, of: caller)
            administration.setSuppressed(
                message, isAdded, of: (tenant.id, tenant.name), by: act(caller, on: connection),
                later(request, on: connection))
        } catch {
            refuse(request, on: connection, error)
        }
    }

    private func suppressions(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(SuppressionsRequest.self, request, on: connection) else { return }
        do throws(GatewayError) {
            let tenant = try tenants.subject(named: message.tenant, of: caller)
            administration.listSuppressed(
                message, of: tenant.id, asker: connection.id.asker, later(request, on: connection))
        } catch {
            refuse(request, on: connection, error)
        }
    }

    private func usage(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        guard let message = decoded(UsageRequest.self, request, on: connection) else { return }
        do throws(GatewayError) {
            if message.tenant == UsageRequest.everyTenant {
                try caller.require(.admin)
                administration.usage(of: nil, later(request, on: connection))
            } else {
                let tenant = try tenants.subject(named: message.tenant, of: caller)
                administration.usage(of: tenant.name, later(request, on: connection))
            }
        } catch {
            refuse(request, on: connection, error)
        }
    }

    /// A rare question, which the carrier may take seconds to answer.
    private func testProvider(
        _ name: String, _ reply: @escaping @Sendable (Result<ProviderTestResponse, GatewayError>) -> Void
    ) {
        let providers = gateway.providers
        Task {
            do throws(GatewayError) {
                reply(.success(ProviderTestResponse(try await providers.check(name))))
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// The act that a caller does now: by whom, and from where.
    func act(_ caller: Principal, on connection: RPCServerConnection, note: String = "") -> Act {
        Act(actor: caller.actor, peer: connection.peer.name, at: gateway.clock.now(), note: note)
    }

    private var administration: Administration { gateway.administration }
}

extension ProviderTestResponse {
    fileprivate init(_ result: ProviderCheckResult) {
        switch result {
        case .passed(let detail): self.init(result: .passed, detail: detail)
        case .refused(let code, let detail): self.init(result: .refused, code: code, detail: detail)
        case .inconclusive(let code, let detail): self.init(result: .inconclusive, code: code, detail: detail)
        }
    }
}
