package org.pgkeel.proxy.admin;

/// The types of the console's columns: those PgBouncer uses. Values are sent in text format whatever the type.
enum ColumnType {
    TEXT(25, -1),
    INT4(23, 4),
    INT8(20, 8),
    NUMERIC(1700, -1);

    private final int oid;
    private final int sizeBytes;

    ColumnType(int oid, int sizeBytes) {
        this.oid = oid;
        this.sizeBytes = sizeBytes;
    }

    /// As in `pg_type`.
    int oid() {
        return oid;
    }

    /// As `pg_type.typlen`: -1 for a type of variable length.
    int sizeBytes() {
        return sizeBytes;
    }
}
