package org.pgkeel.proxy.insert;

import java.util.List;
import java.util.Optional;
import org.pgkeel.proxy.statement.Dialect;

/// An INSERT of one row of VALUES or several, as its text says.
///
/// Threading: immutable. Objects are compared by identity: the same text is the same object to those that remember it.
public final class InsertShape {
    private static final int[] NO_LITERALS = {};

    private final Optional<String> schema;
    private final String table;
    private final List<String> columns;
    private final List<Value> values;
    private final int rows;
    private final boolean plain;
    private final int[] literals;

    /// @param plain nothing follows the only row, and it consists of parameters and literals
    InsertShape(Optional<String> schema, String table, List<String> columns, List<Value> values, int rows, boolean plain) {
        this.schema = schema;
        this.table = table;
        this.columns = List.copyOf(columns);
        this.values = List.copyOf(values);
        this.rows = rows;
        this.plain = plain;
        this.literals = NO_LITERALS;
    }

    private InsertShape(InsertShape of, List<Value> values, int[] literals) {
        this.schema = of.schema;
        this.table = of.table;
        this.columns = of.columns;
        this.values = List.copyOf(values);
        this.rows = of.rows;
        this.plain = of.plain && values.stream().noneMatch(Value.Other.class::isInstance);
        this.literals = literals;
    }

    /// Reads a text, one character for each byte.
    /// @return empty if it is anything but a single INSERT of rows in a syntax that is surely understood
    public static Optional<InsertShape> parse(String text, Dialect dialect) {
        return dialect.equals(Dialect.USUAL) ? new InsertReader(text).insert() : Optional.empty();
    }

    /// The same for all texts of one [Skeleton].
    /// @param literals which of the text's literals each value has, -1 for a value that stands in every text alike
    InsertShape ofSkeleton(List<Value> seen, int[] literals) {
        return new InsertShape(this, seen, literals);
    }

    boolean isOfSkeleton() {
        return literals != NO_LITERALS;
    }

    int literalOf(int value) {
        return literals[value];
    }

    /// Folded as SQL folds it; empty if the text does not say.
    public Optional<String> schema() {
        return schema;
    }

    /// Folded as SQL folds it.
    public String table() {
        return table;
    }

    /// Empty if the text has no list of columns.
    public List<String> columns() {
        return columns;
    }

    /// Of its row; none if it has several.
    public List<Value> values() {
        return values;
    }

    public int rows() {
        return rows;
    }

    /// Its row may be a row of a COPY, if its table allows that: no RETURNING, no ON CONFLICT, no expression.
    public boolean isPlain() {
        return plain;
    }

    /// The table's name with quotes, as SQL takes it.
    public String writtenName() {
        return schema.map(name -> quoted(name) + '.').orElse("") + quoted(table);
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
