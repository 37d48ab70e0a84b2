package org.pgkeel.proxy.insert;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Reads one INSERT from its beginning to its end, in a small part of SQL's syntax in which nothing is doubtful: no escapes in
/// strings, no dollar quotes, ASCII outside of quotes. What it does not know ends the reading, and the text is no INSERT to us.
///
/// Threading: used once.
final class InsertReader {
    private static final Set<String> BEHIND_A_ROW = Set.of("returning", "on");
    /// With these a value is no simple expression any more.
    private static final Set<String> NOT_IN_A_ROW = Set.of("select", "with", "values", "table", "insert", "update", "delete", "default", "overriding");

    /// What may stand in front of a parenthesis: functions that mean the same in company, types, and `on conflict (...)`. Others may tell a transaction
    /// from another, or do something to it.
    private static final Set<String> CALLED = Set.of("now", "clock_timestamp", "gen_random_uuid", "coalesce", "nullif", "greatest", "least", "lower", "upper", "trim",
            "md5", "to_timestamp", "numeric", "varchar", "char", "timestamp", "timestamptz", "conflict", "in", "and", "or", "not");

    private final String text;
    private int at;

    InsertReader(String text) {
        this.text = text;
    }

    private static final class NotUnderstood extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotUnderstood() {
            super(null, null, false, false);
        }
    }

    Optional<InsertShape> insert() {
        try {
            Head head = head();
            var values = new ArrayList<Value>();
            do values.add(value());
            while (takes(','));
            expect(')');
            skipSpace();
            String behind = at < text.length() && isLetter(text.charAt(at)) ? word() : "";
            boolean plain = behind.isEmpty() && values.stream().noneMatch(Value.Other.class::isInstance);
            if (!behind.isEmpty()) {
                if (!BEHIND_A_ROW.contains(behind)) return Optional.empty();
                harmless(0);
            }
            takes(';');
            skipSpace();
            if (at < text.length()) return Optional.empty();
            return Optional.of(new InsertShape(head.schema, head.table, head.columns, values, plain));
        } catch (NotUnderstood other) {
            return Optional.empty();
        }
    }

    /// As much as can be seen of an INSERT that is not of that syntax.
    Optional<InsertOutline> outline() {
        String name;
        try {
            expectWord("insert");
            expectWord("into");
            String first = name();
            name = InsertShape.quoted(first) + (takes('.') ? '.' + InsertShape.quoted(name()) : "");
        } catch (NotUnderstood other) {
            return Optional.empty();
        }
        var source = InsertOutline.Source.OTHER;
        try {
            skipSpace();
            if (at < text.length() && text.charAt(at) == '(') skipParentheses();
            String word = word();
            if (word.equals("select") || word.equals("with") || word.equals("table")) source = InsertOutline.Source.QUERY;
            if (!word.equals("values")) return Optional.of(new InsertOutline(name, source, InsertOutline.End.UNKNOWN));
            source = InsertOutline.Source.VALUES;
            skipParentheses();
            return Optional.of(new InsertOutline(name, source, end()));
        } catch (NotUnderstood other) {
            return Optional.of(new InsertOutline(name, source, InsertOutline.End.UNKNOWN));
        }
    }

    private InsertOutline.End end() {
        if (takes(',')) return InsertOutline.End.MORE_ROWS;
        if (takes(';')) skipSpace();
        skipSpace();
        if (at >= text.length()) return InsertOutline.End.NOTHING;
        if (!isLetter(text.charAt(at))) return InsertOutline.End.UNKNOWN;
        return switch (word()) {
            case "returning" -> InsertOutline.End.RETURNING;
            case "on" -> text.toLowerCase(Locale.ROOT).indexOf("update", at) >= 0 ? InsertOutline.End.ON_CONFLICT_UPDATE : InsertOutline.End.ON_CONFLICT;
            default -> InsertOutline.End.STATEMENT;
        };
    }

    /// From an opening parenthesis to behind the one that closes it.
    private void skipParentheses() {
        expect('(');
        for (int depth = 1; depth > 0; ) {
            skipSpace();
            if (at >= text.length()) throw new NotUnderstood();
            char c = text.charAt(at);
            if (c == '\'') {
                string();
            } else if (c == '"') {
                name();
            } else {
                depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                at++;
            }
        }
    }

    /// @param rowAt behind the parenthesis that opens the row
    record Head(Optional<String> schema, String table, List<String> columns, int rowAt) {}

    /// Everything up to the first value.
    static Optional<Head> headOf(String text) {
        try {
            return Optional.of(new InsertReader(text).head());
        } catch (NotUnderstood other) {
            return Optional.empty();
        }
    }

    private Head head() {
        expectWord("insert");
        expectWord("into");
        String first = name();
        Optional<String> schema = Optional.empty();
        if (takes('.')) {
            schema = Optional.of(first);
            first = name();
        }
        var columns = new ArrayList<String>();
        if (takes('(')) {
            do columns.add(name());
            while (takes(','));
            expect(')');
        }
        expectWord("values");
        expect('(');
        return new Head(schema, first, columns, at);
    }

    private Value value() {
        skipSpace();
        if (at >= text.length()) throw new NotUnderstood();
        int start = at;
        char first = text.charAt(at);
        Value simple = null;
        if (first == '\'') {
            simple = new Value.Quoted(string());
        } else if (first == '$') {
            at++;
            String digits = digits();
            if (digits.isEmpty() || digits.length() > 5) throw new NotUnderstood();
            simple = new Value.Parameter(Integer.parseInt(digits));
        } else if (first == '-' || isDigit(first)) {
            if (first == '-') at++;
            String digits = digits();
            if (!digits.isEmpty()) simple = new Value.Whole((first == '-' ? "-" : "") + digits);
        } else if (isLetter(first) && word().equals("null")) {
            simple = new Value.Null();
        }
        skipSpace();
        char next = at < text.length() ? text.charAt(at) : 0;
        if (simple != null && (next == ',' || next == ')')) return simple;
        at = start;
        harmless(1);
        return new Value.Other();
    }

    /// Goes over an expression that can be nothing but values, names, operators and calls.
    /// @param row 1 to stop at the comma or parenthesis that ends a value of the row; 0 to stop at the end
    private void harmless(int row) {
        int depth = 0;
        while (true) {
            skipSpace();
            if (at >= text.length()) {
                if (row == 1 || depth > 0) throw new NotUnderstood();
                return;
            }
            char c = text.charAt(at);
            if (row == 1 && depth == 0 && (c == ',' || c == ')')) return;
            if (row == 0 && depth == 0 && c == ';') return;
            if (c == '(') {
                depth++;
                at++;
            } else if (c == ')') {
                if (--depth < 0) throw new NotUnderstood();
                at++;
            } else if (c == '\'') {
                string();
            } else if (c == '"') {
                name();
            } else if (isLetter(c)) {
                String word = word();
                if (NOT_IN_A_ROW.contains(word)) throw new NotUnderstood();
                skipSpace();
                boolean calls = at < text.length() && text.charAt(at) == '(';
                if (calls && !CALLED.contains(word)) throw new NotUnderstood();
                if (at < text.length() && (text.charAt(at) == '\'' || text.charAt(at) == '&')) throw new NotUnderstood();   // E'', U&''
            } else if (c == '$') {
                at++;
                if (digits().isEmpty()) throw new NotUnderstood();
            } else if (isDigit(c) || ",.=:+*<>".indexOf(c) >= 0) {
                at++;
            } else {
                throw new NotUnderstood();
            }
        }
    }

    private String string() {
        int from = ++at;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != '\'') continue;
            if (at < text.length() && text.charAt(at) == '\'') {
                at++;
                continue;
            }
            return text.substring(from, at - 1).replace("''", "'");
        }
        throw new NotUnderstood();
    }

    private String name() {
        skipSpace();
        if (at < text.length() && text.charAt(at) == '"') {
            int from = ++at;
            while (at < text.length()) {
                char c = text.charAt(at++);
                if (c > 126) throw new NotUnderstood();
                if (c != '"') continue;
                if (at < text.length() && text.charAt(at) == '"') {
                    at++;
                    continue;
                }
                String name = text.substring(from, at - 1).replace("\"\"", "\"");
                if (name.isEmpty() || name.length() > 63) throw new NotUnderstood();
                return name;
            }
            throw new NotUnderstood();
        }
        String word = word();
        if (word.length() > 63) throw new NotUnderstood();
        return word;
    }

    private String word() {
        skipSpace();
        int from = at;
        if (at >= text.length() || !isLetter(text.charAt(at))) throw new NotUnderstood();
        while (at < text.length() && (isLetter(text.charAt(at)) || isDigit(text.charAt(at)) || text.charAt(at) == '$')) at++;
        return text.substring(from, at).toLowerCase(Locale.ROOT);
    }

    private String digits() {
        int from = at;
        while (at < text.length() && isDigit(text.charAt(at))) at++;
        // 1_000, 0x1F, 1.5, 1e3 and 1abc are other things.
        if (at < text.length() && (isLetter(text.charAt(at)) || text.charAt(at) == '.' || text.charAt(at) == '$')) return "";
        return text.substring(from, at);
    }

    private void expectWord(String word) {
        if (!word().equals(word)) throw new NotUnderstood();
    }

    private void expect(char c) {
        if (!takes(c)) throw new NotUnderstood();
    }

    private boolean takes(char c) {
        skipSpace();
        if (at >= text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private void skipSpace() {
        while (at < text.length()) {
            if (isSpace(text.charAt(at))) at++;
            else if (text.startsWith("--", at)) skipLine();
            else if (text.startsWith("/*", at)) skipComment();
            else return;
        }
    }

    private void skipLine() {
        while (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r') at++;
    }

    private void skipComment() {
        int depth = 0;
        do {
            if (at >= text.length()) throw new NotUnderstood();
            if (text.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (text.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
        } while (depth > 0);
    }

    static boolean isSpace(int c) {
        return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
