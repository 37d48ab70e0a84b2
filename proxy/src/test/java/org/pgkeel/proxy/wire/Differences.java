package org.pgkeel.proxy.wire;

import java.util.List;

/// Shows where two transcripts part.
final class Differences {
    private static final int LINES_BEFORE = 6;
    private static final int LINES_AFTER = 5;

    private Differences() {}

    static String between(List<String> expected, List<String> heard) {
        int at = 0;
        while (at < expected.size() && at < heard.size() && expected.get(at).equals(heard.get(at))) at++;
        var text = new StringBuilder();
        for (String line : part(expected, at - LINES_BEFORE, at)) text.append("      ").append(line).append('\n');
        for (String line : part(expected, at, at + LINES_AFTER)) text.append("want  ").append(line).append('\n');
        for (String line : part(heard, at, at + LINES_AFTER)) text.append("got   ").append(line).append('\n');
        return text.toString();
    }

    private static List<String> part(List<String> lines, int from, int to) {
        int start = Math.min(Math.max(0, from), lines.size());
        return lines.subList(start, Math.max(start, Math.min(to, lines.size()))).stream()
                .map(line -> line.length() <= 300 ? line : line.substring(0, 300) + "... " + line.length()).toList();
    }
}
