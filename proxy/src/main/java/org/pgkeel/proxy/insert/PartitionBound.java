package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The bounds of one partition of a table that is partitioned by one column, as the catalogue prints them.
///
/// Threading: immutable.
sealed interface PartitionBound {
    record Rest(int modulus, int rest) implements PartitionBound {}

    /// @param from literal, as all of them: in quotes or not
    record FromTo(String from, String to) implements PartitionBound {}

    record In(List<String> values) implements PartitionBound {}

    /// The default partition.
    record Others() implements PartitionBound {}

    /// What is not understood.
    record Other() implements PartitionBound {}

    String LITERAL = "('(?:[^']|'')*'|[^',()\\s]+)";
    Pattern WITH = Pattern.compile("FOR VALUES WITH \\(modulus (\\d{1,9}), remainder (\\d{1,9})\\)");
    Pattern FROM = Pattern.compile("FOR VALUES FROM \\(" + LITERAL + "\\) TO \\(" + LITERAL + "\\)");
    Pattern IN = Pattern.compile("FOR VALUES IN \\(" + LITERAL + "(?:, " + LITERAL + ")*\\)");
    Pattern ONE = Pattern.compile(LITERAL);

    static PartitionBound parse(String printed) {
        if (printed.equals("DEFAULT")) return new Others();
        Matcher with = WITH.matcher(printed);
        if (with.matches()) return new Rest(Integer.parseInt(with.group(1)), Integer.parseInt(with.group(2)));
        Matcher from = FROM.matcher(printed);
        if (from.matches()) return new FromTo(from.group(1), from.group(2));
        if (!IN.matcher(printed).matches()) return new Other();
        var values = new ArrayList<String>();
        for (Matcher one = ONE.matcher(printed.substring("FOR VALUES IN (".length())); one.find(); ) values.add(one.group());
        return new In(values);
    }

    /// @param literal one of the above
    static long value(KeyCode code, String literal) {
        boolean quoted = literal.startsWith("'");
        ByteBuf text = Unpooled.wrappedBuffer((quoted ? literal.substring(1, literal.length() - 1) : literal).getBytes(StandardCharsets.UTF_8));
        return code.ofText(text, 0, text.writerIndex(), quoted);
    }
}
