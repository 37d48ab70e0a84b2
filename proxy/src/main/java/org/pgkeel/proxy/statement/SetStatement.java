package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.statement.Token.Kind;

/// SET and RESET in all their forms. Values become the text that the server makes of them (`flatten_set_variable_args`). Of what cannot be read for
/// the client's encoding only the one backend knows: the client keeps it.
/// <https://www.postgresql.org/docs/current/sql-set.html>
///
/// Threading: confined to the caller.
final class SetStatement {
    private static final String ISOLATION = "default_transaction_isolation";
    private static final String READ_ONLY = "default_transaction_read_only";
    private static final String DEFERRABLE = "default_transaction_deferrable";

    /// Settings of the transaction, not of the session.
    private static final Set<String> TRANSACTION_SETTINGS =
            Set.of("transaction_isolation", "transaction_read_only", "transaction_deferrable");

    private final Tokens tokens;
    private final List<Effect> effects;
    private final Characters characters;
    private boolean local;

    SetStatement(Tokens tokens, List<Effect> effects, Characters characters) {
        this.tokens = tokens;
        this.effects = effects;
        this.characters = characters;
    }

    void reset() {
        Token first = tokens.take();
        switch (first.kind() == Kind.WORD && !tokens.isNext('.') ? first.text() : "") {
            case "all" -> effects.add(new Effect.ResetAll());
            case "time" -> effects.add(new Effect.ResetParameter("timezone"));
            case "session" -> effects.add(new Effect.ResetParameter("session_authorization"));
            case "transaction" -> { }
            default -> toDefault(dotted(first));
        }
    }

    void set() {
        Token first = tokens.take();
        if (tokens.isNext('.')) {
            generic(first);   // as in session.tenant
            return;
        }
        if (first.isWord("local") && !isAssignmentNext()) {
            local = true;
            first = tokens.take();
        } else if (first.isWord("session") && !tokens.isNext("authorization") && !tokens.isNext("characteristics")
                && !isAssignmentNext()) {
            first = tokens.take();
        }
        if (first.kind() != Kind.WORD || isAssignmentNext() || tokens.isNext('.')) {
            generic(first);
            return;
        }
        switch (first.text()) {
            case "transaction", "constraints" -> { }
            case "session" -> session();
            case "time" -> {
                tokens.takeIf("zone");
                timeZone();
            }
            case "names" -> names();
            case "schema" -> values("search_path");
            case "role" -> values("role");
            case "seed" -> pin(PinReason.RANDOM_SEED);
            case "xml" -> {
                tokens.takeIf("option");
                values("xmloption");
            }
            default -> generic(first);
        }
    }

    private boolean isAssignmentNext() {
        return tokens.isNext("to") || tokens.isNext('=');
    }

    private void session() {
        if (tokens.isNext("characteristics")) {
            Token first = tokens.take();
            if (!tokens.takeIf("as")) {
                generic(first);   // SET SESSION characteristics.x
                return;
            }
            tokens.takeIf("transaction");
            characteristics();
        } else if (tokens.takeIf("authorization")) {
            values("session_authorization");
        }
    }

    private void characteristics() {
        while (!tokens.atEnd()) {
            switch (tokens.take().text()) {
                case "isolation" -> {
                    tokens.takeIf("level");
                    String level = tokens.take().text();
                    boolean twoWords = level.equals("read") || level.equals("repeatable");
                    assign(ISOLATION, twoWords ? level + " " + tokens.take().text() : level);
                }
                case "read" -> assign(READ_ONLY, tokens.take().isWord("only") ? "on" : "off");
                case "not" -> {
                    tokens.takeIf("deferrable");
                    assign(DEFERRABLE, "off");
                }
                case "deferrable" -> assign(DEFERRABLE, "on");
                default -> { }
            }
        }
    }

    private void timeZone() {
        if (tokens.takeIf("local")) {
            toDefault("timezone");
        } else if (tokens.takeIf("interval")) {
            while (!tokens.atEnd() && tokens.current().kind() != Kind.STRING) {
                tokens.take();
            }
            String interval = tokens.take().text();
            boolean oneField = !tokens.atEnd() && tokens.current().kind() == Kind.WORD;
            String field = oneField ? tokens.take().text() : "";
            boolean bare = !tokens.isNext("to") && !interval.contains(":");
            assign("timezone", "INTERVAL '" + interval + (bare && !field.isEmpty() ? " " + field : "") + "'");
        } else {
            values("timezone");
        }
    }

    private void names() {
        if (tokens.atEnd()) {
            toDefault("client_encoding");
        } else {
            values("client_encoding");
        }
    }

    private void generic(Token first) {
        if (!first.isIdentifier()) {
            return;
        }
        String name = dotted(first);
        if (name.equals("seed")) {
            pin(PinReason.RANDOM_SEED);
        } else if (tokens.takeIf("from")) {
            // FROM CURRENT turns what SET LOCAL made into the session's.
            pin(PinReason.SET_CONFIG);
        } else if (tokens.takeIf("to") || tokens.takeIf('=')) {
            if (name.equals("timezone") && tokens.isNext("interval")) {
                timeZone();
            } else {
                values(name);
            }
        }
    }

    private String dotted(Token first) {
        StringBuilder name = new StringBuilder(Lexer.lowerCase(first.text()));
        while (tokens.takeIf('.')) {
            name.append('.').append(Lexer.lowerCase(tokens.take().text()));
        }
        return name.toString();
    }

    /// `DEFAULT`, or values separated by commas.
    private void values(String name) {
        if (tokens.takeIf("default")) {
            toDefault(name);
            return;
        }
        boolean quote = IdentifierList.isValueOf(name);
        List<String> items = new ArrayList<>(2);
        do {
            if (tokens.atEnd()) {
                return;
            }
            boolean negative = tokens.takeIf('-');
            if (!negative) {
                tokens.takeIf('+');
            }
            Token value = tokens.take();
            String text = switch (value.kind()) {
                case NUMBER -> Numbers.text(value.text(), negative);
                case WORD, QUOTED_IDENTIFIER, STRING -> quote ? IdentifierList.join(List.of(value.text())) : value.text();
                case PARAMETER, SYMBOL, END -> "";
            };
            items.add(text);
        } while (tokens.takeIf(','));
        assign(name, String.join(", ", items));
    }

    private void toDefault(String name) {
        if (local) {
            assign(name, "");
        } else if (!TRANSACTION_SETTINGS.contains(name)) {
            effects.add(new Effect.ResetParameter(name));
        }
    }

    private void assign(String name, String value) {
        if (!TRANSACTION_SETTINGS.contains(name)) {
            effects.add(local ? new Effect.SetLocal(name, Optional.of(value)) : set(name, value, characters));
            if (local && Dialect.isOf(name)) effects.add(new Effect.Pin(PinReason.SET_CONFIG));   // what follows may be read wrongly
            if (makesTemporary(name, value)) effects.add(new Effect.Pin(PinReason.TEMP_TABLE));
        }
    }

    private static Effect set(String name, String value, Characters characters) {
        Optional<String> text = Characters.isAscii(name) ? characters.text(value) : Optional.empty();
        return text.<Effect>map(known -> new Effect.SetParameter(name, known)).orElseGet(() -> new Effect.Pin(PinReason.SET_CONFIG));
    }

    /// What is created from here on without a schema may be a temporary object, though no text says so.
    static boolean makesTemporary(String name, String value) {
        return name.equals("search_path") && IdentifierList.split(value).stream().flatMap(List::stream).filter(schema -> !schema.equals("$user")).findFirst()
                .filter("pg_temp"::equals).isPresent();
    }

    private void pin(PinReason reason) {
        if (!local) {
            effects.add(new Effect.Pin(reason));
        }
    }

    /// `set_config` with three literals has the effect of SET.
    ///
    /// @param value empty when it is NULL, which stands for the default
    static List<Effect> ofCall(String name, Optional<String> value, Characters characters) {
        String parameter = Lexer.lowerCase(name);
        if (TRANSACTION_SETTINGS.contains(parameter)) {
            return List.of();
        }
        if (parameter.equals("seed")) {
            return List.of(new Effect.Pin(PinReason.RANDOM_SEED));
        }
        if (makesTemporary(parameter, value.orElse(""))) return List.of(set(parameter, value.orElseThrow(), characters), new Effect.Pin(PinReason.TEMP_TABLE));
        return List.of(value.map(text -> set(parameter, text, characters))
                .orElseGet(() -> new Effect.ResetParameter(parameter)));
    }
}
