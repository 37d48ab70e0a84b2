package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.pgkeel.proxy.statement.Token.Kind;

/// The calls of `set_config` in a statement. Only a SELECT without FROM and the like whose items are such calls surely runs
/// each of them once; of others it is known at most that they are local to the transaction.
///
/// Threading: confined to the caller.
final class SetConfigCalls {
    /// Words that make a SELECT run its items never, more than once, or in another order.
    private static final Set<String> NOT_PLAIN = Set.of("from", "where", "group", "having", "window", "union", "intersect",
            "except", "order", "limit", "offset", "fetch", "for", "distinct", "into", "case", "coalesce", "and", "or",
            "not", "exists", "with");

    /// Of more no text is read so closely.
    private static final int CALLS_MAX = 100;
    /// Of a parameter, `$65535`.
    private static final int DIGITS_MAX = 6;

    private final Characters characters;
    private final List<Token> tokens = new ArrayList<>();
    private final List<Effect> effects = new ArrayList<>();
    private boolean plain;

    SetConfigCalls(Lexer lexer, Characters characters) {
        this.characters = characters;
        for (Token token = lexer.next(); !token.isEnd(); token = lexer.next()) {
            tokens.add(token);
        }
    }

    List<Effect> effects() {
        plain = tokens.getFirst().isWord("select")
                && tokens.stream().noneMatch(token -> token.kind() == Kind.WORD && NOT_PLAIN.contains(token.text()))
                && !callsAnother();
        int depth = 0;
        int calls = 0;
        for (int at = 0; at < tokens.size(); at++) {
            Token token = tokens.get(at);
            if (token.isIdentifier() && token.text().equals("set_config") && at + 1 < tokens.size()
                    && tokens.get(at + 1).isSymbol('(')) {
                if (++calls > CALLS_MAX) return List.of(new Effect.Pin(PinReason.SET_CONFIG));
                call(at, depth);
            }
            depth += token.isSymbol('(') ? 1 : token.isSymbol(')') ? -1 : 0;
        }
        return effects;
    }

    /// Another function may return a set of rows, none for instance; `current_setting` returns one value.
    private boolean callsAnother() {
        for (int at = 1; at < tokens.size(); at++) {
            Token function = tokens.get(at - 1);
            if (tokens.get(at).isSymbol('(') && function.isIdentifier() && !function.text().equals("set_config") && !asksSetting(at - 1)) {
                return true;
            }
        }
        return false;
    }

    /// Whether it is PostgreSQL's own `current_setting` of a name that stands there.
    private boolean asksSetting(int function) {
        if (!tokens.get(function).text().equals("current_setting")) return false;
        if (tokens.get(function - 1).isSymbol('.') && !tokens.get(function - 2).text().equals("pg_catalog")) return false;
        List<List<Token>> arguments = arguments(function + 2);
        return !arguments.isEmpty() && literal(arguments.getFirst()).isPresent();
    }

    private void call(int function, int depth) {
        List<List<Token>> arguments = arguments(function + 2);
        Optional<String> name = arguments.isEmpty() ? Optional.empty() : literal(arguments.getFirst());
        boolean complete = arguments.size() == 3;
        Optional<String> value = complete ? literal(arguments.get(1)) : Optional.empty();
        Optional<String> isLocal = complete ? truth(arguments.get(2)) : Optional.empty();
        if (isLocal.equals(Optional.of("true"))) {
            String setting = name.map(Lexer::lowerCase).orElse("");
            effects.add(new Effect.SetLocal(setting, value));
            if (Dialect.isOf(setting)) effects.add(new Effect.Pin(PinReason.SET_CONFIG));
            if (SetStatement.makesTemporary(setting, value.orElse(""))) effects.add(new Effect.Pin(PinReason.TEMP_TABLE));
            return;
        }
        OptionalInt bound = complete ? parameter(arguments.get(1)) : OptionalInt.empty();
        boolean toDefault = complete && isNull(arguments.get(1));
        boolean known = isLocal.isPresent() && name.isPresent() && (toDefault || value.isPresent() || bound.isPresent());
        if (plain && depth == 0 && known && isItem(function)) {
            String setting = name.orElseThrow();
            effects.addAll(bound.isPresent() ? List.of(new Effect.SetToBound(setting, bound.getAsInt())) : SetStatement.ofCall(setting, value, characters));
        } else if (!effects.contains(new Effect.Pin(PinReason.SET_CONFIG))) {
            effects.add(new Effect.Pin(PinReason.SET_CONFIG));
        }
    }

    /// Whether the call begins an item of the select list, its schema's name apart.
    private boolean isItem(int function) {
        int before = function - 1;
        if (tokens.get(before).isSymbol('.')) {
            if (!tokens.get(before - 1).text().equals("pg_catalog")) {
                return false;
            }
            before -= 2;
        }
        return tokens.get(before).isWord("select") || tokens.get(before).isSymbol(',');
    }

    private List<List<Token>> arguments(int from) {
        List<List<Token>> arguments = new ArrayList<>();
        List<Token> argument = new ArrayList<>();
        int depth = 1;
        for (int at = from; at < tokens.size() && depth > 0; at++) {
            Token token = tokens.get(at);
            depth += token.isSymbol('(') ? 1 : token.isSymbol(')') ? -1 : 0;
            if (depth == 0 || depth == 1 && token.isSymbol(',')) {
                arguments.add(argument);
                argument = new ArrayList<>();
            } else {
                argument.add(token);
            }
        }
        return arguments;
    }

    /// A string, with or without a cast to a type of text.
    private static Optional<String> literal(List<Token> argument) {
        boolean string = !argument.isEmpty() && argument.getFirst().kind() == Kind.STRING
                && isCastOrNothing(argument, "text", "varchar");
        return string ? Optional.of(argument.getFirst().text()) : Optional.empty();
    }

    /// A parameter, with or without a cast to a type of text, that stands nowhere else: so it is of a type of text, if it is not declared as another.
    private OptionalInt parameter(List<Token> argument) {
        if (argument.isEmpty() || argument.getFirst().kind() != Kind.PARAMETER || !isCastOrNothing(argument, "text", "varchar")) return OptionalInt.empty();
        String text = argument.getFirst().text();
        boolean once = tokens.stream().filter(token -> token.kind() == Kind.PARAMETER && token.text().equals(text)).count() == 1;
        return once && text.length() <= DIGITS_MAX ? OptionalInt.of(Integer.parseInt(text, 1, text.length(), 10)) : OptionalInt.empty();
    }

    private static boolean isNull(List<Token> argument) {
        return !argument.isEmpty() && argument.getFirst().isWord("null") && isCastOrNothing(argument, "text", "varchar");
    }

    private static Optional<String> truth(List<Token> argument) {
        if (argument.isEmpty() || !isCastOrNothing(argument, "bool", "boolean")) {
            return Optional.empty();
        }
        return switch (argument.getFirst().text().strip().toLowerCase(Locale.ROOT)) {
            case "true", "t", "yes", "y", "on", "1" -> Optional.of("true");
            case "false", "f", "no", "n", "off", "0" -> Optional.of("false");
            default -> Optional.empty();
        };
    }

    private static boolean isCastOrNothing(List<Token> argument, String type, String sameType) {
        return argument.size() == 1
                || argument.size() == 4 && argument.get(1).isSymbol(':') && argument.get(2).isSymbol(':')
                && (argument.get(3).isWord(type) || argument.get(3).isWord(sameType));
    }
}
