package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.pgkeel.proxy.admin.ConsoleCommand.Fixed;
import org.pgkeel.proxy.admin.ConsoleCommand.WhoAmI;
import org.pgkeel.proxy.admin.ConsoleLexer.Kind;
import org.pgkeel.proxy.admin.ConsoleLexer.Token;

/// The SELECTs by which drivers, pools and health checks find out whether a connection lives and where it leads.
final class ConsoleProbes {
    private static final Pattern INT4 = Pattern.compile("[0-9]{1,9}");
    private static final String ONE_ROW = "SELECT 1";

    private ConsoleProbes() {}

    /// @param tokens the whole statement, SELECT first
    static Optional<ConsoleCommand> select(List<Token> tokens) {
        var expression = tokens.subList(1, tokens.size());
        Optional<String> alias = alias(expression);
        if (alias.isPresent()) expression = expression.subList(0, expression.size() - 2);
        if (expression.size() == 1) return single(expression.getFirst(), alias);
        boolean call = expression.size() == 3 && expression.get(1).isSymbol('(') && expression.get(2).isSymbol(')');
        return call ? function(expression.getFirst().folded(), alias) : Optional.empty();
    }

    private static Optional<ConsoleCommand> single(Token token, Optional<String> alias) {
        if (token.kind() == Kind.STRING) {
            return Optional.of(new Fixed(alias.orElse("?column?"), ColumnType.TEXT, token.text(), ONE_ROW));
        }
        if (INT4.matcher(token.text()).matches()) {
            return Optional.of(new Fixed(alias.orElse("?column?"), ColumnType.INT4, token.text(), ONE_ROW));
        }
        return switch (token.folded()) {
            case "current_user", "session_user", "user" -> Optional.of(new WhoAmI(alias.orElse(token.folded())));
            case "current_catalog" -> Optional.of(text(token.folded(), alias, "pgkeel"));
            default -> Optional.empty();
        };
    }

    private static Optional<ConsoleCommand> function(String name, Optional<String> alias) {
        return switch (unqualified(name)) {
            case "version" -> Optional.of(text(name, alias, ConsoleVersion.SERVER_VERSION));
            case "current_database" -> Optional.of(text(name, alias, "pgkeel"));
            case "current_schema" -> Optional.of(text(name, alias, ""));
            case "pg_is_in_recovery" -> Optional.of(text(name, alias, "f"));
            case "pg_advisory_unlock_all" -> Optional.of(text(name, alias, ""));
            default -> Optional.empty();
        };
    }

    private static Fixed text(String name, Optional<String> alias, String value) {
        return new Fixed(alias.orElse(unqualified(name)), ColumnType.TEXT, value, ONE_ROW);
    }

    private static String unqualified(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static Optional<String> alias(List<Token> expression) {
        int size = expression.size();
        return size > 2 && expression.get(size - 2).is("as") ? Optional.of(expression.getLast().folded()) : Optional.empty();
    }
}
