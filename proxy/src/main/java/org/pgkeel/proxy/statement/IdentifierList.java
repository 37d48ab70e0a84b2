package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Parameters whose value is a list of identifiers, such as `search_path`: SET quotes each item, `set_config` does not.
public final class IdentifierList {
    /// PostgreSQL lets extensions define none of this kind (`GUC_LIST_QUOTE`), so the list is whole.
    private static final Set<String> PARAMETERS = Set.of("search_path", "temp_tablespaces", "local_preload_libraries",
            "session_preload_libraries", "shared_preload_libraries", "unix_socket_directories");

    private IdentifierList() {}

    /// @param parameter in lower case
    public static boolean isValueOf(String parameter) {
        return PARAMETERS.contains(parameter);
    }

    /// The value that `SET parameter TO items` makes, but for key words, which the server quotes and this does not.
    public static String join(List<String> items) {
        StringBuilder value = new StringBuilder();
        for (String item : items) {
            value.append(value.isEmpty() ? "" : ", ").append(isPlain(item) ? item : quoted(item));
        }
        return value.toString();
    }

    /// The items of a value as the server splits them; nothing if it is no proper list.
    public static Optional<List<String>> split(String value) {
        List<String> items = new ArrayList<>();
        Lexer lexer = new Lexer(value, Dialect.USUAL);
        Token token = lexer.next();
        while (token.isIdentifier()) {
            items.add(token.text());
            token = lexer.next();
            if (token.isEnd()) {
                return Optional.of(items);
            }
            if (!token.isSymbol(',')) {
                break;
            }
            token = lexer.next();
        }
        return Optional.empty();
    }

    private static boolean isPlain(String item) {
        for (int i = 0; i < item.length(); i++) {
            char c = item.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c == '_';
            if (!letter && (i == 0 || c < '0' || c > '9')) {
                return false;
            }
        }
        return !item.isEmpty();
    }

    private static String quoted(String item) {
        return '"' + item.replace("\"", "\"\"") + '"';
    }
}
