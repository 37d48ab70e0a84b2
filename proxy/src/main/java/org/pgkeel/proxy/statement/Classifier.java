package org.pgkeel.proxy.statement;

import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.statement.Why.Reason;

/// Says of a text whether it can only read, and what kinds of statements it has. Whatever is not surely a read is a write.
///
/// Threading: confined to the caller; [#classify] is a pure function.
public final class Classifier {
    private static final String HINT = "pgkeel:";

    private final String sql;
    private final Dialect dialect;
    private final Tokens tokens;
    private final Catalogue catalogue;
    private final ClassBuilder found = new ClassBuilder();

    private Classifier(String sql, Dialect dialect, Catalogue catalogue) {
        this.sql = sql;
        this.dialect = dialect;
        this.tokens = new Tokens(new Lexer(sql, dialect));
        this.catalogue = catalogue;
    }

    /// @param sql decoded in any way that keeps ASCII
    public static StatementClass classify(String sql, Dialect dialect, Catalogue catalogue) {
        if (!dialect.asciiSafe() && sql.chars().anyMatch(c -> c >= 0x80)) return StatementClass.UNREAD;
        Classifier classifier = new Classifier(sql, dialect, catalogue);
        classifier.statements();
        return classifier.found.build(hint(sql), dialect.characters(), StatementScan.isPlain(sql));
    }

    /// What a comment at the very beginning says behind `pgkeel:`.
    private static String hint(String sql) {
        int from = 0;
        while (from < sql.length() && sql.charAt(from) <= ' ') from++;
        if (!sql.startsWith("/*", from)) return "";
        int to = sql.indexOf("*/", from + 2);
        String comment = to < 0 ? "" : sql.substring(from + 2, to).strip();
        return comment.startsWith(HINT) ? comment.substring(HINT.length()).strip() : "";
    }

    private void statements() {
        while (tokens.nextStatement()) {
            statement(tokens.take());
            while (!tokens.atEnd()) tokens.take();
        }
        if (catalogue.isUnsafe()) found.write(Reason.CATALOGUE_UNSAFE, "");
    }

    private void statement(Token first) {
        if (first.isSymbol('(')) {
            query(first, StatementKind.QUERY);
            return;
        }
        String word = first.kind() == Token.Kind.WORD ? first.text() : "";
        switch (word) {
            case "select", "with", "values", "table" -> query(first, StatementKind.QUERY);
            case "show" -> show();
            case "explain" -> explain();
            case "copy" -> copy();
            case "begin", "start" -> {
                found.kind(StatementKind.BEGIN, Access.TRANSACTION, Reason.TRANSACTION, word);
                found.modes(TransactionModes.read(tokens));
            }
            case "commit", "end", "rollback", "abort" -> endOfTransaction(word);
            case "savepoint", "release" -> found.kind(StatementKind.SAVEPOINT, Access.TRANSACTION, Reason.TRANSACTION, word);
            case "prepare" -> prepare();
            case "set" -> set();
            case "reset", "discard", "deallocate", "load" -> found.kind(StatementKind.SESSION, Access.SESSION, Reason.SESSION, word);
            case "listen", "unlisten" -> found.kind(StatementKind.LISTEN, Access.WRITE, Reason.NOT_A_READ, word);
            case "notify" -> found.kind(StatementKind.NOTIFY, Access.WRITE, Reason.NOT_A_READ, word);
            case "declare", "fetch", "move", "close" -> found.kind(StatementKind.CURSOR, Access.WRITE, Reason.CURSOR, word);
            case "execute" -> found.kind(StatementKind.EXECUTE, Access.WRITE, Reason.NOT_A_READ, word);
            case "insert", "update", "delete", "merge" -> query(first, StatementKind.DATA, Reason.MODIFIES);
            case "truncate", "lock" -> query(first, StatementKind.DATA, Reason.NOT_A_READ);
            case "call", "do" -> routine(first);
            case "vacuum", "cluster", "reindex", "analyze", "analyse", "repack", "checkpoint" -> maintenance(word);
            case "create", "alter", "drop" -> ddl(word);
            case "grant", "revoke", "comment", "security", "reassign", "import", "refresh" -> found.kind(StatementKind.DDL, Access.WRITE, Reason.NOT_A_READ, word);
            default -> found.kind(StatementKind.OTHER, Access.WRITE, Reason.NOT_A_READ, first.text());
        }
    }

    private void query(Token first, StatementKind kind) {
        found.kind(kind);
        new QueryScan(tokens, catalogue, found).scan(first);
    }

    private void query(Token first, StatementKind kind, Reason reason) {
        found.kind(kind, Access.WRITE, reason, first.text());
        new QueryScan(tokens, catalogue, found).scan(first);
    }

    private void show() {
        found.kind(StatementKind.SHOW);
        while (!tokens.atEnd()) {
            Token token = tokens.take();
            if (NodeState.isRole(token.text())) found.write(Reason.NODE_STATE, token.text());
        }
    }

    private void explain() {
        found.kind(StatementKind.EXPLAIN);
        Token token = tokens.take();
        if (token.isSymbol('(') && !startsQuery() && !tokens.isNext('(')) {
            while (!tokens.atEnd() && !token.isSymbol(')')) token = tokens.take();
            token = tokens.take();
        }
        while (token.isWord("analyze") || token.isWord("analyse") || token.isWord("verbose")) token = tokens.take();
        if (token.isWord("select") || token.isWord("with") || token.isWord("values") || token.isWord("table") || token.isSymbol('(')) {
            new QueryScan(tokens, catalogue, found).scan(token);
        } else {
            found.write(Reason.NOT_A_READ, token.text());
            new QueryScan(tokens, catalogue, found).scan(token);
        }
    }

    private boolean startsQuery() {
        return tokens.isNext("select") || tokens.isNext("with") || tokens.isNext("values") || tokens.isNext("table");
    }

    private void copy() {
        QueryScan scan = new QueryScan(tokens, catalogue, found);
        tokens.takeIf("binary");
        String relation = "";
        if (tokens.isNext('(')) scan.scanParentheses();
        else relation = scan.relationWithColumns();
        boolean to = tokens.takeIf("to");
        boolean overTheWire = tokens.isNext("stdout") || tokens.isNext("stdin");
        if (to && overTheWire) found.kind(StatementKind.COPY_OUT);
        else if (to) found.kind(StatementKind.OTHER, Access.WRITE, Reason.COPY_TO_SERVER, "copy");
        else if (tokens.takeIf("from") && (tokens.isNext("stdin") || tokens.isNext("stdout"))) found.kind(StatementKind.COPY_IN, Access.WRITE, Reason.NOT_A_READ, "copy");
        else found.kind(StatementKind.DATA, Access.WRITE, Reason.NOT_A_READ, "copy");
        if (tokens.isNext("program") || !to && scan.isForeign(relation)) found.elsewhere();
    }

    private void endOfTransaction(String word) {
        if (tokens.isNext("prepared")) {
            found.kind(StatementKind.FINISH_PREPARED, Access.WRITE, Reason.NOT_A_READ, word + " prepared");
            return;
        }
        boolean commits = word.equals("commit") || word.equals("end");
        if (!tokens.takeIf("work")) tokens.takeIf("transaction");
        StatementKind kind = StatementKind.ROLLBACK;
        if (commits) kind = tokens.takeIf("and") && tokens.isNext("chain") ? StatementKind.COMMIT_AND_CHAIN : StatementKind.COMMIT;
        else if (tokens.isNext("to")) kind = StatementKind.SAVEPOINT;
        found.kind(kind, Access.TRANSACTION, Reason.TRANSACTION, word);
    }

    private void prepare() {
        boolean transaction = tokens.takeIf("transaction") && !tokens.atEnd() && tokens.current().kind() == Token.Kind.STRING;
        if (transaction) found.kind(StatementKind.PREPARE_TRANSACTION, Access.WRITE, Reason.NOT_A_READ, "prepare transaction");
        else found.kind(StatementKind.SESSION, Access.SESSION, Reason.SESSION, "prepare");
        while (!tokens.atEnd() && !tokens.takeIf("as")) tokens.take();
        if (tokens.atEnd()) return;
        var prepared = new ClassBuilder();
        new QueryScan(tokens, catalogue, prepared).scan(tokens.take());
        if (prepared.actsElsewhere()) found.elsewhere();
    }

    private void set() {
        tokens.takeIf("local");
        if (tokens.takeIf("transaction")) {
            found.kind(StatementKind.SET_TRANSACTION, Access.TRANSACTION, Reason.TRANSACTION, "set transaction");
            found.modes(TransactionModes.read(tokens));
        } else {
            found.kind(StatementKind.SESSION, Access.SESSION, Reason.SESSION, "set");
        }
    }

    private void routine(Token first) {
        found.contained(RoutineReader.read(new Tokens(new Lexer(sql, first.from(), sql.length(), dialect)), dialect, catalogue));
        query(first, StatementKind.COMMITS_INSIDE, Reason.NOT_A_READ);
    }

    private void maintenance(String word) {
        boolean concurrently = false;
        while (!tokens.atEnd()) concurrently |= tokens.take().isWord("concurrently");
        found.kind(concurrently ? StatementKind.COMMITS_INSIDE : StatementKind.MAINTENANCE, Access.WRITE, Reason.NOT_A_READ, word);
    }

    private void ddl(String word) {
        boolean commits = word.equals("alter") && tokens.isNext("system");
        boolean first = true;
        boolean body = false;
        while (!tokens.atEnd()) {
            Token token = tokens.take();
            if (token.kind() != Token.Kind.WORD) continue;
            if (token.isWord("function") || token.isWord("procedure")) {
                if (!body) tokens.enterRoutine();
                body = true;
            }
            commits |= token.isWord("concurrently");
            if (token.text().startsWith("dblink")) found.elsewhere();
            commits |= first && (token.isWord("database") || token.isWord("tablespace") || token.isWord("subscription"));
            first = false;
        }
        found.kind(commits ? StatementKind.COMMITS_INSIDE : StatementKind.DDL, Access.WRITE, Reason.NOT_A_READ, word);
    }
}
