/// An object of the dynamic configuration: its settings as canonical JSON.
package struct ConfigurationObject: Hashable, Sendable {
    /// `provider`, `route` or `tenant`.
    package var kind: String
    package var name: String
    package var document: String

    package init(kind: String, name: String, document: String) {
        self.kind = kind
        self.name = name
        self.document = document
    }
}

/// One object's step from a generation to the next.
package struct ConfigurationChange: Hashable, Sendable {
    package var kind: String
    package var name: String
    /// nil = there was none.
    package var before: String?
    /// nil = it is removed.
    package var after: String?

    package init(kind: String, name: String, before: String?, after: String?) {
        self.kind = kind
        self.name = name
        self.before = before
        self.after = after
    }
}
