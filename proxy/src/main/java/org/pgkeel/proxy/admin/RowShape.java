package org.pgkeel.proxy.admin;

import java.util.List;

/// The columns of a result: what RowDescription says.
record RowShape(List<Column> columns) {
    record Column(String name, ColumnType type) {}

    static RowShape ofText(String name) {
        return new RowShape(List.of(new Column(name, ColumnType.TEXT)));
    }
}
