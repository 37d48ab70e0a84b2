package org.pgkeel.bench.equivalence;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.pgkeel.bench.equivalence.Tables.Column;
import org.pgkeel.bench.equivalence.Tables.Table;

/// What many clients do alike for a while, so that their rows can share a batch: a table, some of its columns, how the statement is
/// written and how parameters are declared.
///
/// @param columns     uid among them
/// @param withList    whether the statement has a column list
/// @param declaration of the parameters' types
/// @param formats     of the parameters
/// @param spelling    of the statement
/// @param writing     of its literals
record Style(Table table, List<Column> columns, boolean withList, Declaration declaration, Formats formats, int spelling, Literals.Writing writing) {
    enum Declaration { UNKNOWN, EXACT, OTHER }

    enum Formats { TEXT, BINARY, MIXED }

    static final int EPOCH_CASES = 25;

    /// Tables whose rows COPY may not have, or may not say in most cases.
    private static final Set<String> NOT_COPIED = Set.of("triggered", "audited", "late", "per_statement", "with_transition", "noisy", "ruled", "guarded", "seen", "forbidden", "partly", "identities_always");

    /// The style of all clients at their `number`th case: most often one in which rows can become a COPY.
    static Style ofEpoch(long seed, long number) {
        var random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number / EPOCH_CASES);
        boolean copied = random.nextInt(4) > 0;
        Style style = any(random);
        while (copied && (style.declaration == Declaration.OTHER || NOT_COPIED.contains(style.table.name()))) style = any(random);
        return style;
    }

    static Style any(SplittableRandom random) {
        Table table = Tables.ALL.get(random.nextInt(Tables.ALL.size()));
        var columns = new ArrayList<>(table.columns());
        boolean fewer = random.nextInt(4) == 0;
        boolean generated = random.nextInt(10) == 0;
        // Columns that an INSERT may not list are listed now and then.
        columns.removeIf(c -> !generated && (c.name().equals("gen") || table.name().equals("identities_always") && c.name().equals("seq") || table.name().equals("partly") && c.name().equals("secret")));
        if (fewer) columns.removeIf(c -> !c.equals(Tables.UID) && random.nextBoolean());
        if (fewer && random.nextBoolean()) columns.add(columns.removeFirst());
        boolean whole = columns.equals(table.columns()) && table.volatileColumns().isEmpty();
        return new Style(table, List.copyOf(columns), !(whole && random.nextInt(4) == 0), Declaration.values()[Math.min(2, random.nextInt(7) / 3)], Formats.values()[random.nextInt(3)], random.nextInt(8), Literals.Writing.any(random));
    }

    /// Everything before the values.
    String head() {
        String names = withList ? " (" + String.join(spelling % 2 == 0 ? ", " : ",", columns.stream().map(Column::name).toList()) + ")" : "";
        String name = spelling == 3 && !table.name().startsWith("\"") && !table.name().equals("events") ? "public." + table.name() : table.name();
        return switch (spelling) {
            case 4 -> "INSERT INTO " + (name.startsWith("\"") ? name : name.toUpperCase(java.util.Locale.ROOT)) + names + " VALUES ";
            case 5 -> "/* by client */ insert  into\n\t" + name + names + " -- here\nvalues ";
            case 6 -> " Insert Into " + name + names + (withList ? "values" : " values");
            default -> "insert into " + name + names + " values ";
        };
    }
}
