package org.pgkeel.proxy.insert;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Reads one INSERT from its beginning to its end, in a small part of SQL's syntax in which nothing is doubtful. What it does not know ends the reading,
/// and the text is no INSERT to us.
///
/// Threading: used once.
final class InsertReader {
    private final SqlCursor in;
    private final ValueReader values;

    InsertReader(String text) {
        this.in = new SqlCursor(text);
        this.values = new ValueReader(in);
    }

    /// @param shape     of the INSERT
    /// @param literalAt where the literal of each value begins in the text, -1 for a value without one
    record Read(InsertShape shape, int[] literalAt) {}

    Optional<InsertShape> insert() {
        return read().map(Read::shape);
    }

    Optional<Read> read() {
        try {
            Head head = head();
            var row = new ArrayList<ValueReader.Read>();
            int rows = rows(row);
            boolean ends = !SqlCursor.isLetter(in.next());
            if (!ends) {
                if (!in.takesWord("returning")) in.expectWord("on");
                values.harmless(false);
            }
            in.takes(';');
            if (!in.isAtEnd()) return Optional.empty();
            List<Value> read = row.stream().map(ValueReader.Read::value).toList();
            boolean plain = ends && rows == 1 && read.stream().noneMatch(Value.Other.class::isInstance);
            int[] literalAt = row.stream().mapToInt(ValueReader.Read::literalAt).toArray();
            return Optional.of(new Read(new InsertShape(head.schema, head.table, head.columns, rows == 1 ? read : List.of(), rows, plain), literalAt));
        } catch (SqlCursor.NotUnderstood other) {
            return Optional.empty();
        }
    }

    /// @param row gets the values
    /// @return how many rows there are
    private int rows(List<ValueReader.Read> row) {
        for (int rows = 1; ; rows++) {
            do row.add(values.value());
            while (in.takes(','));
            in.expect(')');
            int behind = in.at();
            if (!in.takes(',')) {
                in.to(behind);
                return rows;
            }
            in.expect('(');
        }
    }

    /// As much as can be seen of an INSERT that is not of that syntax.
    Optional<InsertOutline> outline() {
        String name;
        try {
            in.expectWord("insert");
            in.expectWord("into");
            String first = in.name();
            name = InsertShape.quoted(first) + (in.takes('.') ? '.' + InsertShape.quoted(in.name()) : "");
        } catch (SqlCursor.NotUnderstood other) {
            return Optional.empty();
        }
        var source = InsertOutline.Source.OTHER;
        try {
            if (in.next() == '(') skipParentheses();
            String word = in.word();
            if (word.equals("select") || word.equals("with") || word.equals("table")) source = InsertOutline.Source.QUERY;
            if (!word.equals("values")) return Optional.of(new InsertOutline(name, source, InsertOutline.End.UNKNOWN));
            source = InsertOutline.Source.VALUES;
            skipParentheses();
            return Optional.of(new InsertOutline(name, source, end()));
        } catch (SqlCursor.NotUnderstood other) {
            return Optional.of(new InsertOutline(name, source, InsertOutline.End.UNKNOWN));
        }
    }

    private InsertOutline.End end() {
        if (in.takes(',')) return InsertOutline.End.MORE_ROWS;
        in.takes(';');
        if (in.isAtEnd()) return InsertOutline.End.NOTHING;
        if (!SqlCursor.isLetter(in.here())) return InsertOutline.End.UNKNOWN;
        return switch (in.word()) {
            case "returning" -> InsertOutline.End.RETURNING;
            case "on" -> in.text().toLowerCase(Locale.ROOT).indexOf("update", in.at()) >= 0 ? InsertOutline.End.ON_CONFLICT_UPDATE : InsertOutline.End.ON_CONFLICT;
            default -> InsertOutline.End.STATEMENT;
        };
    }

    /// From an opening parenthesis to behind the one that closes it.
    private void skipParentheses() {
        in.expect('(');
        for (int depth = 1; depth > 0; ) {
            char c = in.next();
            if (in.isAtEnd()) throw new SqlCursor.NotUnderstood();
            if (c == '\'') {
                in.string();
            } else if (c == '"') {
                in.name();
            } else {
                depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                in.to(in.at() + 1);
            }
        }
    }

    /// @param rowAt behind the parenthesis that opens the row
    record Head(Optional<String> schema, String table, List<String> columns, int rowAt) {}

    /// Everything up to the first value.
    static Optional<Head> headOf(String text) {
        try {
            return Optional.of(new InsertReader(text).head());
        } catch (SqlCursor.NotUnderstood other) {
            return Optional.empty();
        }
    }

    /// Where a conflict clause goes in an INSERT.
    /// @return behind its rows; -1 if the INSERT has such a clause, or is not understood
    static int openEnd(String text) {
        var reader = new InsertReader(text);
        try {
            reader.head();
            reader.rows(new ArrayList<>());
            int end = reader.in.at();
            boolean ends = !SqlCursor.isLetter(reader.in.next());
            return ends || reader.in.takesWord("returning") ? end : -1;
        } catch (SqlCursor.NotUnderstood other) {
            return -1;
        }
    }

    private Head head() {
        in.expectWord("insert");
        in.expectWord("into");
        String first = in.nameAlone();
        Optional<String> schema = Optional.empty();
        if (in.takes('.')) {
            schema = Optional.of(first);
            first = in.name();
        }
        var columns = new ArrayList<String>();
        if (in.takes('(')) {
            do columns.add(in.nameAlone());
            while (in.takes(','));
            in.expect(')');
        }
        in.expectWord("values");
        in.expect('(');
        return new Head(schema, first, columns, in.at());
    }
}
