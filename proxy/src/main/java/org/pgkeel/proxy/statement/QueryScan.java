package org.pgkeel.proxy.statement;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.statement.Why.Reason;

/// Looks through a query for anything that may write. It builds no tree: every token is looked at wherever it stands, so that
/// nothing can hide by depth, and what it cannot place counts as a write.
///
/// Threading: confined to the caller.
final class QueryScan {
    /// What stood before an opening parenthesis.
    private enum Opener { PLAIN, OPERATOR, DISTINCT_ON, OF_A_CALL_WITH_FROM }

    /// Where the names of relations are expected, at one depth of parentheses.
    private record Depth(Opener opener, boolean inFrom, boolean inWith) {}

    private static final String OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?";
    private static final String PUNCTUATION = "()[],.:;";

    private final Tokens tokens;
    private final Catalogue catalogue;
    private final ClassBuilder found;
    private final Deque<Depth> depths = new ArrayDeque<>();
    private Token before;
    private Token beforeThat;
    private Opener opener = Opener.PLAIN;
    private Opener closed = Opener.PLAIN;
    private boolean inFrom;
    /// Among the queries of a WITH, whose names may have columns behind them.
    private boolean inWith;
    private boolean relationNext;
    /// That relation is what the statement modifies.
    private boolean targetNext;
    private boolean truncates;

    QueryScan(Tokens tokens, Catalogue catalogue, ClassBuilder found) {
        this.tokens = tokens;
        this.catalogue = catalogue;
        this.found = found;
        this.before = new Token(Token.Kind.END, "", 0, 0);
        this.beforeThat = before;
    }

    /// Reads to the statement's end.
    ///
    /// @param first the token read last: the statement's first word
    void scan(Token first) {
        look(first);
        while (!tokens.atEnd()) look(tokens.take());
    }

    /// Reads a query in parentheses, up to the closing one.
    void scanParentheses() {
        do {
            look(tokens.take());
        } while (!tokens.atEnd() && !depths.isEmpty());
    }

    /// Reads a relation's name and the columns behind it.
    /// @return the name
    String relationWithColumns() {
        String qualified = "";
        while (!tokens.atEnd() && tokens.current().isIdentifier()) {
            Token name = tokens.take();
            identifier(name);
            qualified = qualified.isEmpty() ? name.text() : qualified + "." + name.text();
            if (!tokens.takeIf('.')) break;
        }
        if (!catalogue.isFetched()) found.write(Reason.CATALOGUE_UNKNOWN, qualified);
        found.relation(qualified);
        if (tokens.takeIf('(')) {
            while (!tokens.atEnd() && !tokens.takeIf(')')) tokens.take();
        }
        return qualified;
    }

    /// Whether a relation is, or may be, another server's.
    boolean isForeign(String qualified) {
        return catalogue.mayBeForeign(qualified.substring(qualified.lastIndexOf('.') + 1));
    }

    private void look(Token token) {
        switch (token.kind()) {
            case WORD, QUOTED_IDENTIFIER -> name(token);
            case SYMBOL -> symbol(token);
            case STRING -> {
                if (NodeState.namesRole(token.text())) found.write(Reason.NODE_STATE, token.text());
                shift(token);
            }
            case NUMBER -> {
                if (!Numbers.isOne(token.text())) found.write(Reason.UNREADABLE, token.text());
                shift(token);
            }
            case PARAMETER, END -> shift(token);
        }
    }

    private void shift(Token token) {
        beforeThat = before;
        before = token;
        relationNext &= token.isWord("only") || token.isWord("lateral") || token.isSymbol('(');
    }

    private void symbol(Token token) {
        char c = token.text().charAt(0);
        if (c == '(') {
            inWith &= !before.isSymbol(')');
            depths.push(new Depth(opener, inFrom, inWith));
            opener = Opener.PLAIN;
            inFrom = relationNext;
            inWith = false;
        } else if (c == ')') {
            Depth outer = depths.isEmpty() ? new Depth(Opener.PLAIN, false, false) : depths.pop();
            closed = outer.opener();
            inFrom = outer.inFrom();
            inWith = outer.inWith();
        } else if (c == ',' && (inFrom || truncates)) {
            shift(token);
            relationNext = true;
            targetNext = truncates;
            return;
        } else if (OPERATOR_CHARACTERS.indexOf(c) >= 0) {
            operator(token);
            return;
        } else if (PUNCTUATION.indexOf(c) < 0) {
            found.write(Reason.UNREADABLE, token.text());
        }
        shift(token);
    }

    private void operator(Token first) {
        StringBuilder run = new StringBuilder(first.text());
        Token last = first;
        while (!tokens.atEnd() && tokens.current().kind() == Token.Kind.SYMBOL && tokens.current().from() == last.to()
                && OPERATOR_CHARACTERS.contains(tokens.current().text())) {
            last = tokens.take();
            run.append(last.text());
        }
        if (catalogue.operatorMayWrite(run.toString())) found.write(Reason.OPERATOR_MAY_WRITE, run.toString());
        shift(last);
    }

    /// A word, or identifiers with dots between them.
    private void name(Token first) {
        boolean afterDot = before.isSymbol('.');
        identifier(first);
        Token last = first;
        String qualified = first.text();
        while (!tokens.atEnd() && tokens.isNext('.')) {
            Token dot = tokens.take();
            if (tokens.atEnd() || !tokens.current().isIdentifier()) {
                // `t.*`
                relation(qualified);
                shift(asName(last));
                shift(dot);
                return;
            }
            last = tokens.take();
            identifier(last);
            qualified = qualified + "." + last.text();
        }
        boolean alone = last == first && !afterDot;
        if (tokens.isNext('(')) {
            beforeParenthesis(alone ? last : asName(last), qualified);
        } else if (alone && first.kind() == Token.Kind.WORD) {
            word(first);
        } else {
            relation(qualified);
            shift(asName(last));
        }
    }

    /// Behind a dot every word is a name.
    private static Token asName(Token token) {
        return new Token(Token.Kind.QUOTED_IDENTIFIER, token.text(), token.from(), token.to());
    }

    private void relation(String qualified) {
        if (relationNext) {
            found.relation(qualified);
            if (targetNext && isForeign(qualified)) found.elsewhere();
            targetNext = false;
            relationNext = false;
        }
    }

    private void identifier(Token token) {
        String name = token.text();
        Catalogue.@Nullable Hazard hazard = catalogue.hazard(name);
        if (hazard != null) {
            found.write(switch (hazard) {
                case VIEW -> Reason.VIEW_MAY_WRITE;
                case FOREIGN -> Reason.FOREIGN;
                case UNLOGGED -> Reason.UNLOGGED;
                case TYPE -> Reason.TYPE_MAY_WRITE;
                case ROW_FUNCTION -> Reason.FUNCTION_MAY_WRITE;
            }, name);
        } else if (name.startsWith("pg_")) {
            if (name.startsWith("pg_temp") || name.startsWith("pg_toast_temp")) found.write(Reason.TEMPORARY, name);
            else if (NodeState.isOfTheNode(name)) found.write(Reason.NODE_STATE, name);
        }
    }

    /// An unquoted word without dots, no parenthesis behind it.
    private void word(Token token) {
        boolean relation = false;
        switch (token.text()) {
            case "update", "truncate", "lock" -> {
                if (!token.isWord("lock") && !token.isWord("truncate")) found.write(Reason.MODIFIES, token.text());
                relation = found.isWrite();
                targetNext = relation;
                truncates = token.isWord("truncate");
            }
            case "insert", "delete", "merge" -> {
                found.write(Reason.MODIFIES, token.text());
                targetNext = true;
            }
            case "into" -> {
                found.write(Reason.SELECTS_INTO, token.text());
                relation = true;
            }
            case "uescape", "treat" -> found.write(Reason.UNREADABLE, token.text());
            case "for" -> {
                if (tokens.isNext("update") || tokens.isNext("share") || tokens.isNext("no") || tokens.isNext("key")) {
                    found.write(Reason.LOCKS_ROWS, "for " + tokens.current().text());
                }
                inFrom = false;
                inWith = false;
            }
            case "from" -> {
                boolean ofACall = !depths.isEmpty() && depths.peek().opener() == Opener.OF_A_CALL_WITH_FROM;
                relation = !ofACall && !(before.isWord("distinct") && (beforeThat.isWord("is") || beforeThat.isWord("not")));
                inFrom |= relation;
                catalogueKnown(relation, token);
            }
            case "join", "table" -> {
                relation = true;
                inFrom |= token.isWord("join");
                catalogueKnown(true, token);
            }
            case "only", "lateral" -> relation = relationNext;
            case "with" -> inWith = before.isEnd() || before.isSymbol('(');
            case "select", "values", "where", "group", "having", "order", "limit", "offset", "fetch", "union", "intersect", "except", "window" -> {
                inFrom = false;
                inWith = false;
            }
            default -> relation(token.text());
        }
        shift(token);
        relationNext = relation;
    }

    private void catalogueKnown(boolean relation, Token token) {
        if (relation && !catalogue.isFetched()) found.write(Reason.CATALOGUE_UNKNOWN, token.text());
    }

    /// A name with a parenthesis behind it: a call, a type's length, an alias with its columns, or SQL's own syntax.
    private void beforeParenthesis(Token last, String qualified) {
        String name = last.text();
        boolean bare = last.kind() == Token.Kind.WORD;
        Catalogue.Function known = catalogue.function(name);
        opener = Opener.PLAIN;
        if (isBehindCast() || before.isWord("as") || isNameInWith()) {
            // A type with its length, or a name with its columns.
        } else if (before.isWord("into")) {
            relation(qualified);
        } else if (before.isWord("tablesample")) {
            if (!name.equals("bernoulli") && !name.equals("system")) found.write(Reason.FUNCTION_UNKNOWN, name);
        } else if (bare && KeyWords.isNeverFunction(name)) {
            syntax(last);
            return;
        } else if (known == Catalogue.Function.MAY_WRITE) {
            found.write(Reason.FUNCTION_MAY_WRITE, name);
            found.function(qualified);
        } else if (known == Catalogue.Function.HARMLESS) {
            found.function(qualified);
        } else if (bare && (name.equals("operator") || catalogue.isFetched() && KeyWords.isSyntax(name))) {
            syntax(last);
            return;
        } else if (!catalogue.isFetched() || !isAliasPlace()) {
            found.write(Reason.FUNCTION_UNKNOWN, name);
            found.function(qualified);
        }
        shift(last);
    }

    private void syntax(Token token) {
        switch (token.text()) {
            // Syntax of their own that calls a function of the same name, which the database may have redefined.
            case "extract", "overlay", "position", "substring", "trim", "normalize" -> {
                if (catalogue.function(token.text()) == Catalogue.Function.MAY_WRITE) found.write(Reason.FUNCTION_MAY_WRITE, token.text());
                found.function(token.text());
                shift(token);
                opener = Opener.OF_A_CALL_WITH_FROM;
            }
            case "operator" -> {
                shift(token);
                opener = Opener.OPERATOR;
            }
            default -> {
                boolean distinct = token.isWord("on") && before.isWord("distinct");
                word(token);
                opener = distinct ? Opener.DISTINCT_ON : Opener.PLAIN;
            }
        }
    }

    private boolean isBehindCast() {
        return before.isSymbol(':') && beforeThat.isSymbol(':') && before.from() == beforeThat.to();
    }

    private boolean isNameInWith() {
        return inWith && (before.isWord("with") || before.isWord("recursive") || before.isSymbol(',') && beforeThat.isSymbol(')'));
    }

    /// Behind a relation's name, or a parenthesis that ends a FROM item: an alias with its columns.
    private boolean isAliasPlace() {
        if (before.isSymbol(')')) return closed != Opener.OPERATOR && closed != Opener.DISTINCT_ON;
        if (before.kind() == Token.Kind.QUOTED_IDENTIFIER) return true;
        return before.kind() == Token.Kind.WORD && (!KeyWords.isKeyWord(before) || before.isWord("ordinality"));
    }
}
