package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.proxy.statement.Effect.Name;
import org.pgkeel.proxy.statement.Token.Kind;

/// Reads one text's statements and notes what each does to the session.
///
/// Threading: confined to the caller.
final class StatementParser {
    private final String sql;
    private final Dialect dialect;
    private final Tokens tokens;
    private List<Effect> effects = new ArrayList<>();
    private boolean hasReadAhead;

    StatementParser(String sql, Dialect dialect) {
        this.sql = sql;
        this.dialect = dialect;
        this.tokens = new Tokens(new Lexer(sql, dialect));
    }

    List<Statement> parse() {
        List<Statement> statements = new ArrayList<>(1);
        while (tokens.nextStatement()) {
            effects = new ArrayList<>(2);
            hasReadAhead = false;
            int from = tokens.current().from();
            statement(from);
            while (!tokens.atEnd()) {
                tokens.take();
            }
            statements.add(new Statement(from, tokens.previous().to(), effects));
        }
        return statements;
    }

    private void statement(int from) {
        Token first = tokens.take();
        switch (first.kind() == Kind.WORD ? first.text() : "") {
            case "set" -> new SetStatement(tokens, effects, dialect.characters()).set();
            case "reset" -> new SetStatement(tokens, effects, dialect.characters()).reset();
            case "discard" -> discard();
            case "begin", "start" -> effects.add(new Effect.Begin());
            case "commit", "end" -> commit();
            case "rollback", "abort" -> rollback();
            case "savepoint" -> identifier(name -> new Effect.Savepoint(name.value()));
            case "release" -> savepoint(name -> new Effect.Release(name.value()));
            case "prepare" -> prepare(first, from);
            case "execute" -> {
                identifier(Effect.ExecuteStatement::new);
                rest(first, from);
            }
            case "deallocate" -> deallocate();
            case "listen" -> {
                identifier(name -> new Effect.Listen(text(name)));
                effects.add(new Effect.Pin(PinReason.LISTEN));
            }
            case "unlisten" -> {
                if (tokens.isNext('*')) {
                    effects.add(new Effect.UnlistenAll());
                } else {
                    identifier(name -> new Effect.Unlisten(text(name)));
                }
            }
            case "close" -> {
                effects.add(tokens.isNext("all") ? new Effect.CloseAll() : new Effect.CloseCursor());
            }
            case "load" -> effects.add(new Effect.Pin(PinReason.LOAD));
            case "declare" -> declare(first, from);
            case "do" -> doBlock();
            case "create" -> create(first, from);
            case "alter", "drop", "import" -> {
                effects.add(new Effect.Ddl());
                if (tokens.takeIf("database")) database(first);
                rest(first, from);
            }
            default -> rest(first, from);
        }
    }

    private interface OfName {
        Effect effect(Name name);
    }

    private void identifier(OfName effect) {
        if (!tokens.atEnd() && tokens.current().isIdentifier()) {
            Token token = tokens.take();
            effects.add(effect.effect(new Name(token.text(), token.from(), token.to())));
        }
    }

    /// `[SAVEPOINT] name`, and the name may be that word.
    private void savepoint(OfName effect) {
        if (tokens.isNext("savepoint")) {
            Token word = tokens.take();
            if (tokens.atEnd()) effects.add(effect.effect(new Name(word.text(), word.from(), word.to())));
        }
        identifier(effect);
    }

    private String text(Name name) {
        return dialect.characters().textOrBytes(name.value());
    }

    private void discard() {
        switch (tokens.take().text()) {
            case "all" -> effects.add(new Effect.DiscardAll());
            case "plans" -> effects.add(new Effect.Discard(Effect.Discard.What.PLANS));
            case "sequences" -> effects.add(new Effect.Discard(Effect.Discard.What.SEQUENCES));
            case "temp", "temporary" -> effects.add(new Effect.Discard(Effect.Discard.What.TEMP));
            default -> { }
        }
    }

    private void commit() {
        if (!tokens.takeIf("prepared")) {
            effects.add(new Effect.Commit(chain()));
        }
    }

    private void rollback() {
        if (tokens.takeIf("prepared")) {
            return;
        }
        boolean andChain = chain();
        if (tokens.takeIf("to")) {
            savepoint(name -> new Effect.RollbackTo(name.value()));
        } else {
            effects.add(new Effect.Rollback(andChain));
        }
    }

    /// `[WORK | TRANSACTION] [AND [NO] CHAIN]`
    private boolean chain() {
        if (!tokens.takeIf("work")) {
            tokens.takeIf("transaction");
        }
        return tokens.takeIf("and") && !tokens.takeIf("no") && tokens.takeIf("chain");
    }

    private void prepare(Token first, int from) {
        Token name = tokens.take();
        if (name.isWord("transaction") && !tokens.atEnd() && tokens.current().kind() == Kind.STRING) {
            effects.add(new Effect.PrepareTransaction());
        } else {
            if (name.isIdentifier()) effects.add(new Effect.PrepareStatement(new Name(name.text(), name.from(), name.to())));
            rest(first, from);
        }
    }

    private void deallocate() {
        Token name = tokens.take();
        if (name.isWord("prepare") && !tokens.atEnd()) {
            name = tokens.take();
        }
        if (name.isWord("all")) {
            effects.add(new Effect.DeallocateAll());
        } else if (name.isIdentifier()) {
            effects.add(new Effect.Deallocate(new Name(name.text(), name.from(), name.to())));
        }
    }

    private void declare(Token first, int from) {
        while (!tokens.atEnd() && !tokens.isNext("for")) {
            if (tokens.take().isWord("with") && tokens.isNext("hold")) {
                effects.add(new Effect.Pin(PinReason.HOLD_CURSOR));
            }
        }
        rest(first, from);
    }

    private void doBlock() {
        while (!tokens.atEnd()) {
            Token token = tokens.take();
            if (token.kind() == Kind.STRING && DoBody.makesSessionState(token.text())) {
                pin(PinReason.DO_BLOCK);
                if (DoBody.makesLastingState(token.text())) pin(PinReason.SESSION_FUNCTION);
            }
            if (token.kind() == Kind.STRING && DoBody.changesCatalogue(token.text())) addOnce(new Effect.Ddl());
        }
    }

    private void create(Token first, int from) {
        int place = effects.size();
        effects.add(place, temporary(first) ? new Effect.TemporaryTable() : new Effect.Ddl());
        boolean replace = tokens.takeIf("or") && tokens.takeIf("replace");
        if (replace) {
            temporary(first);
        }
        if (tokens.isNext("database")) template();
        if (tokens.isNext("function") || tokens.isNext("procedure")) {
            // What a routine's body does, it does when it is called.
            tokens.enterRoutine();
            tokens.take();
            boolean temporary = !tokens.atEnd() && tokens.current().isIdentifier() && tokens.take().text().equals("pg_temp") && tokens.isNext('.');
            if (temporary) pin(PinReason.TEMP_TABLE);
        } else {
            rest(first, from);
        }
    }

    /// `[IF EXISTS] name` behind DROP DATABASE, `name RENAME ...` or `name SET TABLESPACE ...` behind ALTER DATABASE. What else is altered, is so with sessions in it.
    private void database(Token first) {
        boolean drop = first.isWord("drop");
        if (drop && tokens.takeIf("if")) tokens.takeIf("exists");
        if (tokens.atEnd() || !tokens.current().isIdentifier()) return;
        String name = dialect.characters().textOrBytes(tokens.take().text());
        if (drop || tokens.takeIf("rename") || tokens.takeIf("set") && tokens.takeIf("tablespace")) effects.add(new Effect.VacateDatabase(name));
    }

    /// `DATABASE name [WITH] [...] TEMPLATE [=] name [...]`
    private void template() {
        while (!tokens.atEnd() && !tokens.isNext("template")) tokens.take();
        if (!tokens.takeIf("template")) return;
        tokens.takeIf('=');
        identifier(name -> new Effect.VacateDatabase(text(name)));
    }

    /// The rest of a statement, in which functions, temporary objects and the like may occur anywhere.
    private void rest(Token first, int from) {
        boolean settings = false;
        boolean update = first.isWord("update");
        while (!tokens.atEnd()) {
            Token before = tokens.previous();
            Token token = tokens.take();
            settings |= isCallOf("set_config", token);
            update |= token.isWord("update");
            afterToken(before, token, update);
            switch (token.kind() == Kind.WORD ? token.text() : "") {
                case "create" -> temporary(first);
                case "into" -> {
                    if (!first.isWord("insert") && !before.isWord("insert") && !before.isWord("merge")) {
                        temporary(first);
                    }
                }
                case "execute" -> {
                    if (first.isWord("explain") || first.isWord("create") && before.isWord("as")) {
                        identifier(Effect.ExecuteStatement::new);
                    }
                }
                default -> { }
            }
        }
        if (settings) {
            Lexer lexer = new Lexer(sql, from, tokens.previous().to(), dialect);
            effects.addAll(new SetConfigCalls(lexer, dialect.characters()).effects());
        }
    }

    /// `[LOCAL | GLOBAL] {TEMP | TEMPORARY}` behind CREATE or INTO. A table that is dropped on commit needs no pin: until
    /// then the transaction keeps the backend anyway.
    /// @return whether it is a temporary table
    private boolean temporary(Token first) {
        if (!tokens.takeIf("local")) {
            tokens.takeIf("global");
        }
        if (!tokens.takeIf("temp") && !tokens.takeIf("temporary")) {
            return false;
        }
        if (tokens.isNext('.')) {
            return false;
        }
        boolean table = tokens.isNext("table");
        boolean staysTemporary = !table || hasReadAhead || !isDroppedOnCommit(tokens.current().from());
        if (staysTemporary) {
            pin(PinReason.TEMP_TABLE);
        }
        return table;
    }

    /// A statement makes one table: it is read ahead once.
    private boolean isDroppedOnCommit(int from) {
        hasReadAhead = true;
        Tokens ahead = new Tokens(new Lexer(sql, from, sql.length(), dialect));
        while (!ahead.atEnd()) {
            if (ahead.take().isWord("on") && ahead.takeIf("commit") && ahead.takeIf("drop")) {
                return true;
            }
        }
        return false;
    }

    private void afterToken(Token before, Token token, boolean update) {
        if (!token.isIdentifier()) {
            return;
        }
        boolean isPlace = tokens.isNext('.') || before.isWord("schema") || before.isWord("into");
        if (token.text().equals("pg_temp") && isPlace) {
            pin(PinReason.TEMP_TABLE);
        } else if (token.text().equals("pg_settings") && update) {
            // A rule of the view makes set_config of it.
            pin(PinReason.SET_CONFIG);
        } else if (tokens.isNext('(')) {
            SessionFunctions.effectOf(token.text()).ifPresent(this::addOnce);
        }
    }

    private boolean isCallOf(String function, Token token) {
        return token.isIdentifier() && token.text().equals(function) && tokens.isNext('(');
    }

    private void pin(PinReason reason) {
        addOnce(new Effect.Pin(reason));
    }

    private void addOnce(Effect effect) {
        if (!effects.contains(effect)) {
            effects.add(effect);
        }
    }
}
