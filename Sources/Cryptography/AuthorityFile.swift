internal import COpenSSL

/// A file with certificates of authorities that are trusted (PEM), as HTTPS and signatures use it.
package enum AuthorityFile {
    /// Whether there is at least one certificate in it that can be read.
    package static func isUsable(_ path: String) -> Bool {
        guard let store = X509_STORE_new() else { return false }
        defer {
            X509_STORE_free(store)
            // Why it failed is of no more interest.
            ERR_clear_error()
        }
        return X509_STORE_load_locations(store, path, nil) == 1
    }
}
