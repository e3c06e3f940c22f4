/// Entries as stored: 16 bytes each, hash and id, little-endian.
enum PackedEntries {
    static let entryBytes = 16
    /// Entries of a block of a sorted run: it fills a page of 4 KiB.
    static let blockEntries = 252

    static func pack(_ entries: ArraySlice<IndexEntry>) -> [UInt64] {
        var words: [UInt64] = []
        words.reserveCapacity(entries.count * 2)
        for entry in entries {
            words.append(entry.hash.littleEndian)
            words.append(entry.id.littleEndian)
        }
        return words
    }

    /// Appends the entries to `entries`.
    /// - Returns: false if a part of an entry is left over.
    static func unpack(_ bytes: UnsafeRawBufferPointer, into entries: inout [IndexEntry]) -> Bool {
        for offset in stride(from: 0, to: bytes.count - entryBytes + 1, by: entryBytes) {
            entries.append(entry(bytes, offset))
        }
        return bytes.count % entryBytes == 0
    }

    static func count(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count / entryBytes }

    static func entry(_ bytes: UnsafeRawBufferPointer, at index: Int) -> IndexEntry { entry(bytes, index * entryBytes) }

    private static func entry(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> IndexEntry {
        IndexEntry(
            hash: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
            id: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
    }

    /// Visits the ids under `hash` in a block, whose entries rise by hash, until `verify` answers true.
    static func find<E: Error>(
        _ hash: UInt64, inBlock bytes: UnsafeRawBufferPointer, where verify: (UInt64) throws(E) -> Bool
    ) throws(E) -> UInt64? {
        var low = 0
        var high = count(bytes)
        while low < high {
            let middle = (low + high) / 2
            if entry(bytes, at: middle).hash < hash { low = middle + 1 } else { high = middle }
        }
        while low < count(bytes), case let found = entry(bytes, at: low), found.hash == hash {
            if try verify(found.id) { return found.id }
            low += 1
        }
        return nil
    }
}

/// What messages are found by, besides their ids. Raw values are stored.
enum IndexKind: Int64, CaseIterable {
    /// (tenant, idempotency key)
    case key = 1
    /// (provider, the id that it gave)
    case providerID = 2
    /// (tenant, the caller's reference)
    case reference = 3

    /// The hash of a text in the scope of a tenant or provider. It is stored, so it must never change: FNV-1a, its
    /// bits mixed by MurmurHash3's finalizer. Never 0. (Keys come with a hash of their own.)
    func hash(_ text: UnsafeRawBufferPointer, scope: Int64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= UInt64(bitPattern: scope) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(rawValue)
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return max(hash ^ hash >> 33, 1)
    }
}
