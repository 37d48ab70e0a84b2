package org.pgkeel.proxy.insert;

import java.util.Optional;
import java.util.Set;

/// Reads the values of a row, and what may follow the rows. A value is simple if it is one parameter, one literal or DEFAULT, with or without parentheses and
/// one cast to a type of the server's own; any other expression is gone over, as long as it can be nothing but values, names, operators and calls of what
/// means the same in company.
///
/// Threading: used once.
final class ValueReader {
    /// With these a value is no simple expression any more.
    private static final Set<String> NOT_IN_A_ROW = Set.of("select", "with", "values", "table", "insert", "update", "delete", "default", "overriding");

    /// What may stand in front of a parenthesis: functions that mean the same in company, types, and words of SQL. Others may tell a transaction
    /// from another, or do something to it.
    private static final Set<String> CALLED = Set.of("now", "clock_timestamp", "transaction_timestamp", "statement_timestamp", "current_timestamp", "current_time", "localtimestamp", "localtime",
            "gen_random_uuid", "coalesce", "nullif", "greatest", "least", "lower", "upper", "trim", "md5", "to_timestamp", "cast", "row",
            "numeric", "decimal", "varchar", "varying", "char", "character", "bpchar", "timestamp", "timestamptz", "time", "timetz", "interval", "bit", "varbit", "float",
            "conflict", "in", "and", "or", "not", "where", "when", "then", "else");

    /// Of parentheses around a value; one in more is gone over as an expression.
    private static final int DEPTH_MAX = 16;

    private final SqlCursor in;
    private int depth;

    ValueReader(SqlCursor in) {
        this.in = in;
    }

    /// @param literalAt where the literal of a simple value begins, -1 if there is none
    record Read(Value value, int literalAt) {
        private static final Read OTHER = new Read(new Value.Other(), -1);
    }

    /// From behind a parenthesis or comma to the comma or parenthesis that ends the value.
    Read value() {
        in.skipSpace();
        int start = in.at();
        Optional<Read> simple = in.takesWord("default") ? Optional.of(new Read(new Value.Default(), -1)) : simple();
        char end = in.next();
        if (simple.isPresent() && (end == ',' || end == ')')) return simple.get();
        in.to(start);
        harmless(true);
        return Read.OTHER;
    }

    private Optional<Read> simple() {
        Optional<Read> read = primary();
        while (read.isPresent() && in.next() == ':') {
            in.to(in.at() + 1);
            if (in.here() != ':') return Optional.empty();
            in.to(in.at() + 1);
            // `-5::int2` is -(5::int2).
            boolean isNegative = read.get().literalAt >= 0 && in.text().charAt(read.get().literalAt) == '-' && !(read.get().value instanceof Value.Cast);
            read = isNegative ? Optional.empty() : cast(read.get());
        }
        return read;
    }

    private Optional<Read> primary() {
        char first = in.next();
        int start = in.at();
        if (first == '(') {
            if (depth == DEPTH_MAX) return Optional.empty();
            in.to(start + 1);
            depth++;
            Optional<Read> inner = simple();
            depth--;
            return inner.isPresent() && in.takes(')') ? inner : Optional.empty();
        }
        if (first == '\'') return Optional.of(new Read(new Value.Quoted(in.string()), start));
        if (first == '$') return parameter();
        if (first == '-' || first == '.' || SqlCursor.isDigit(first)) return number();
        return SqlCursor.isLetter(first) ? word() : Optional.empty();
    }

    private Optional<Read> parameter() {
        in.to(in.at() + 1);
        String digits = in.digits();
        if (digits.isEmpty() || digits.length() > 5) throw new SqlCursor.NotUnderstood();
        return Optional.of(new Read(new Value.Parameter(Integer.parseInt(digits)), -1));
    }

    /// `42`, `-42`, `4.2`, `.5`, `4e2`; nothing else that newer servers take for a number.
    private Optional<Read> number() {
        int start = in.at();
        if (in.here() == '-') in.to(start + 1);
        int first = in.at();
        while (SqlCursor.isDigit(in.here())) in.to(in.at() + 1);
        int digits = in.at() - first;
        boolean isWhole = true;
        if (in.here() == '.') {
            isWhole = false;
            in.to(in.at() + 1);
            int point = in.at();
            while (SqlCursor.isDigit(in.here())) in.to(in.at() + 1);
            digits += in.at() - point;
        }
        if (digits == 0) return Optional.empty();
        if ((in.here() | 0x20) == 'e') {
            isWhole = false;
            in.to(in.at() + 1);
            if (in.here() == '+' || in.here() == '-') in.to(in.at() + 1);
            if (!SqlCursor.isDigit(in.here())) return Optional.empty();
            while (SqlCursor.isDigit(in.here())) in.to(in.at() + 1);
        }
        if (SqlCursor.isLetter(in.here()) || in.here() == '.' || in.here() == '$') return Optional.empty();
        String text = in.text().substring(start, in.at());
        return Optional.of(new Read(isWhole ? new Value.Whole(text) : new Value.Decimal(text), start));
    }

    private Optional<Read> word() {
        int start = in.at();
        String word = in.word();
        switch (word) {
            case "null" -> {
                return Optional.of(new Read(new Value.Null(), start));
            }
            case "true", "false" -> {
                return Optional.of(new Read(new Value.Bool(word.equals("true")), start));
            }
            case "cast" -> {
                if (depth == DEPTH_MAX || !in.takes('(')) return Optional.empty();
                depth++;
                Optional<Read> inner = simple();
                depth--;
                if (inner.isEmpty() || !in.takesWord("as")) return Optional.empty();
                Optional<Read> cast = cast(inner.get());
                return cast.isPresent() && in.takes(')') ? cast : Optional.empty();
            }
            case "e" -> {
                if (in.here() == '\'') return SqlEscapes.decode(in.escapedString()).map(text -> new Read(new Value.Quoted(text), start));
            }
            default -> { }
        }
        if (in.here() == '\'') return Optional.empty();   // N'', B'', X''
        in.to(start);
        Optional<SqlTypes.Type> type = SqlTypes.read(in);
        if (type.isEmpty() || in.next() != '\'') return Optional.empty();
        int literal = in.at();
        return type.get().isArray() ? Optional.empty() : Optional.of(new Read(type.get().cast(new Value.Quoted(in.string())), literal));
    }

    private Optional<Read> cast(Read of) {
        Optional<SqlTypes.Type> type = SqlTypes.read(in);
        return type.isEmpty() || of.value instanceof Value.Cast ? Optional.empty() : Optional.of(new Read(type.get().cast(of.value), of.literalAt));
    }

    /// Goes over expressions.
    /// @param row to stop at the comma or parenthesis that ends a value of the row; else at the end
    void harmless(boolean row) {
        int depth = 0;
        char before = 0;
        while (true) {
            char c = in.next();
            if (in.isAtEnd()) {
                if (row || depth > 0) throw new SqlCursor.NotUnderstood();
                return;
            }
            if (row && depth == 0 && (c == ',' || c == ')')) return;
            if (!row && depth == 0 && c == ';') return;
            if (c == '\'') {
                in.string();
            } else if (c == '"') {
                in.name();
                if (in.next() == '(') throw new SqlCursor.NotUnderstood();   // a call of any function
            } else if (SqlCursor.isLetter(c)) {
                harmlessWord(before == '.');
            } else {
                in.to(in.at() + 1);
                if (c == '(') depth++;
                else if (c == ')' && --depth < 0) throw new SqlCursor.NotUnderstood();
                else if (c == '$' && in.digits().isEmpty()) throw new SqlCursor.NotUnderstood();
                else if (c == '-' && in.here() != '.' && !SqlCursor.isDigit(in.here())) throw new SqlCursor.NotUnderstood();
                else if (!SqlCursor.isDigit(c) && "()$-,.=:+*<>[]|".indexOf(c) < 0) throw new SqlCursor.NotUnderstood();
            }
            before = c;
        }
    }

    /// @param inSchema it is what a schema has by this name, or a column of a table
    private void harmlessWord(boolean inSchema) {
        String word = in.word();
        if (NOT_IN_A_ROW.contains(word)) throw new SqlCursor.NotUnderstood();
        if (in.here() == '\'') {
            if (!word.equals("e")) throw new SqlCursor.NotUnderstood();   // N'', B'', X''
            in.escapedString();
        }
        char next = in.next();
        if (next == '&' || next == '(' && (inSchema || !CALLED.contains(word))) throw new SqlCursor.NotUnderstood();   // U&''
    }
}
