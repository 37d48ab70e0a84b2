package org.pgkeel.bench.report;

import java.util.List;
import java.util.stream.Collectors;

/// Pieces of one self-contained page: nothing is loaded from anywhere.
public final class Html {
    private static final String STYLE = """
            body { font: 14px/1.45 system-ui, sans-serif; color: #1c2330; max-width: 1240px; margin: 2em auto; padding: 0 1em }
            h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #d8dde6 }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .8em 0 }
            th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #e6e9ef } th { font-weight: 600; color: #56607a }
            th:first-child, td:first-child { text-align: left }
            .bad { color: #b3261e; font-weight: 600 } .good { color: #1b7f3b; font-weight: 600 } .note { color: #56607a }
            svg { width: 100%; font-size: 11px; margin-top: .4em } .title { font-weight: 600; fill: #1c2330 } .tick { fill: #7b859b } .grid { stroke: #e6e9ef }
            .mark { stroke: #b3261e; stroke-dasharray: 3 3 } .marked { fill: #b3261e } details { margin: .4em 0 } summary { cursor: pointer }
            pre { background: #f5f6f9; padding: .8em; overflow-x: auto; font-size: 12px }
            """;

    private Html() {}

    public static String page(String title, String body) {
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" + text(title)
                + "</title><style>\n" + STYLE + "</style></head><body>\n<h1>" + text(title) + "</h1>\n" + body + "\n</body></html>\n";
    }

    /// Text in which nothing is markup.
    public static String text(String plain) {
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    /// @param rows cells that are markup already, see [#text]
    public static String table(List<String> titles, List<List<String>> rows) {
        return "<table><tr>" + titles.stream().map(t -> "<th>" + text(t) + "</th>").collect(Collectors.joining()) + "</tr>\n"
                + rows.stream().map(row -> "<tr>" + row.stream().map(c -> "<td>" + c + "</td>").collect(Collectors.joining()) + "</tr>").collect(Collectors.joining("\n")) + "</table>\n";
    }

    /// What a click opens.
    public static String details(String summary, String body) {
        return "<details><summary>" + text(summary) + "</summary>\n" + body + "</details>\n";
    }
}
