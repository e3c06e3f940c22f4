package import ConfigurationModel
package import Storage

extension TenantQuota {
    package init(_ settings: TenantSettings) {
        self.init(
            segmentsPerDay: settings.segmentsPerDay, costPerMonth: settings.costPerMonth,
            waitingMessages: settings.waitingMessages)
    }
}
