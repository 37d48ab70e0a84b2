package org.pgkeel.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Lines of text in columns: the first column to the left, the others to the right.
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... titles) {
        rows.add(List.of(titles));
    }

    public void row(String... cells) {
        if (cells.length != rows.getFirst().size()) throw new IllegalArgumentException("cells: " + cells.length);
        rows.add(List.of(cells));
    }

    public static String number(OptionalDouble value, int decimals) {
        return value.isEmpty() || Double.isNaN(value.getAsDouble()) ? "-" : String.format(Locale.ROOT, "%,." + decimals + "f", value.getAsDouble());
    }

    @Override
    public String toString() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) for (int c = 0; c < columns; c++) widths[c] = Math.max(widths[c], row.get(c).length());
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                String gap = " ".repeat(widths[c] - row.get(c).length());
                line.append(c == 0 ? row.get(c) + gap : "  " + gap + row.get(c));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
