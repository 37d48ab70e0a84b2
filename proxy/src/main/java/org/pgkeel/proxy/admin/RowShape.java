package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Value;

/// The columns of a result, and how a row of texts becomes messages.
record RowShape(List<Column> columns) {
    record Column(String name, ColumnType type) {}

    RowShape {
        columns = List.copyOf(columns);
    }

    static RowShape of(String name, ColumnType type) {
        return new RowShape(List.of(new Column(name, type)));
    }

    /// The columns a command will have; empty for a command without rows.
    static Optional<RowShape> of(ConsoleCommand command) {
        return switch (command) {
            case ConsoleCommand.Show(var table) -> Optional.of(table.shape());
            case ConsoleCommand.Fixed fixed -> Optional.of(of(fixed.column(), fixed.type()));
            case ConsoleCommand.WhoAmI(var column) -> Optional.of(of(column, ColumnType.TEXT));
            case ConsoleCommand.Empty _, ConsoleCommand.ShowHelp _, ConsoleCommand.Operate _, ConsoleCommand.Ignored _,
                 ConsoleCommand.Begin _, ConsoleCommand.EndTransaction _, ConsoleCommand.Refused _ -> Optional.empty();
        };
    }

    /// @param formats as in Bind: none for all text, one for all columns, or one each
    RowDescription describe(List<Format> formats) {
        var described = new ArrayList<org.pgkeel.protocol.backend.Column>(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            described.add(columns.get(i).type.column(columns.get(i).name, format(formats, i)));
        }
        return new RowDescription(described);
    }

    DataRow encode(@Nullable String[] row, List<Format> formats) {
        var values = new ArrayList<Value>(row.length);
        for (int i = 0; i < row.length; i++) {
            String text = row[i];
            values.add(text == null ? Value.NULL : columns.get(i).type.value(text, format(formats, i)));
        }
        return new DataRow(values);
    }

    /// Whether these formats fit: none, one, or one for each column.
    boolean fits(List<Format> formats) {
        return formats.size() <= 1 || formats.size() == columns.size();
    }

    private static Format format(List<Format> formats, int column) {
        return switch (formats.size()) {
            case 0 -> Format.TEXT;
            case 1 -> formats.getFirst();
            default -> formats.get(column);
        };
    }
}
