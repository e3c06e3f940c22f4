package import SMSModel

/// How much waits in each flow, for those who ask: messages that come and go keep no account of it.
extension MessageQueue {
    package struct WaitingFlow: Hashable, Sendable {
        package var key: FlowKey
        /// Canceled messages included until they are dropped.
        package var count: Int
        /// Low ids of the flow, its lowest among them.
        package var ids: [MessageID]
    }

    /// The flows in which something waits. Looks at every flow, and at no more than twice `limit` messages of each.
    package func waitingFlows(idsOfEach limit: Int) -> [WaitingFlow] {
        flows.lazy.filter { $0.count > 0 }.map { flow in
            let returned = flow.returned.entries.prefix(limit).map(\.id.rawValue)
            let ids = (flow.ring.firstIDs(limit) + returned).filter { !tombstones.contains($0) }
            return WaitingFlow(key: flow.key, count: flow.count, ids: ids.map(MessageID.init(rawValue:)))
        }
    }
}
