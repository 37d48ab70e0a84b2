package org.pgkeel.proxy.command;

import com.typesafe.config.ConfigUtil;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Writes a tree of sections as HOCON in the order it was built. Values are texts, numbers and lists of texts.
final class HoconText {
    private HoconText() {}

    static String write(Map<String, Object> tree) {
        StringBuilder text = new StringBuilder();
        write(tree, "", text);
        return text.toString();
    }

    private static void write(Map<String, Object> section, String indent, StringBuilder text) {
        section.forEach((name, value) -> {
            text.append(indent).append(name(name));
            switch (value) {
                case Map<?, ?> child -> {
                    text.append(" {\n");
                    write(typed(child), indent + "  ", text);
                    text.append(indent).append("}\n");
                }
                case List<?> list -> text.append(list.stream().map(element -> scalar(element.toString())).collect(Collectors.joining(", ", " = [", "]\n")));
                case Integer number -> text.append(" = ").append(number).append('\n');
                default -> text.append(" = ").append(scalar(value.toString())).append('\n');
            }
        });
    }

    private static Map<String, Object> typed(Map<?, ?> section) {
        return section.entrySet().stream().collect(Collectors.toMap(entry -> entry.getKey().toString(), Map.Entry::getValue,
                (first, _) -> first, java.util.LinkedHashMap::new));
    }

    private static String name(String name) {
        return name.matches("[A-Za-z0-9_-]+") ? name : ConfigUtil.quoteString(name);
    }

    /// Words and times stay bare, everything else is quoted.
    private static String scalar(String text) {
        return text.matches("[A-Za-z][A-Za-z0-9-]*|[0-9]+(ms|s|m|h|d|KiB|MiB)?") && !text.matches("null|true|false|yes|no|on|off|include") ? text : ConfigUtil.quoteString(text);
    }
}
