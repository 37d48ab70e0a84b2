package org.pgkeel.proxy.observe;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The rows that went into one table in the last minute, by the habit of their INSERTs; on one event loop or all of them.
///
/// @param table   as clients write it, with quotes; [#OTHERS] for the tables that came when there was no room for more
/// @param rows    in the window
/// @param seconds the window's length
public record InsertTally(String database, String user, String table, Map<InsertHabit, Long> rows, double seconds) {
    /// Fewer rows a second than this do not meet in a commit often enough.
    public static final int RATE_MIN = 100;
    public static final String OTHERS = "(others)";

    /// What becomes of the table.
    public enum Verdict {
        /// A rule of `coalesce` would help: its rows as COPY.
        COPY,
        /// A rule of `coalesce` would help: its INSERTs unchanged, with one commit for several.
        SHARED_COMMIT,
        /// There is a rule, and it is at work.
        COALESCED,
        RATE_LOW,
        /// Its rows come in a way that cannot share commits.
        NO;

        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// Rows a second that could share commits and do not.
    public double rate() {
        return rate(InsertHabit.Fate.COPY) + rate(InsertHabit.Fate.SHARED_COMMIT);
    }

    public double rate(InsertHabit.Fate fate) {
        long sum = 0;
        for (var each : rows.entrySet()) if (each.getKey().fate() == fate) sum += each.getValue();
        return sum / Math.max(seconds, 1);
    }

    public Verdict verdict() {
        if (rate(InsertHabit.Fate.DONE) > rate()) return Verdict.COALESCED;
        if (rate() < RATE_MIN) return rate(InsertHabit.Fate.NONE) > rate() ? Verdict.NO : Verdict.RATE_LOW;
        return rate(InsertHabit.Fate.COPY) * 2 >= rate() ? Verdict.COPY : Verdict.SHARED_COMMIT;
    }

    /// Rows a second by habit, the most frequent first: `plain 812.5, returning 3.0`.
    public String why() {
        return rows.entrySet().stream().sorted(Map.Entry.<InsertHabit, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .map(each -> each.getKey().word() + " " + shown(each.getValue() / Math.max(seconds, 1))).collect(Collectors.joining(", "));
    }

    /// With one digit behind the point.
    public static String shown(double rate) {
        return String.format(Locale.ROOT, "%.1f", rate);
    }

    /// Those of all event loops, the highest rate first.
    public static List<InsertTally> merge(List<InsertTally> all) {
        record Key(String database, String user, String table) {}
        var sums = new TreeMap<Key, InsertTally>(Comparator.comparing(Key::database).thenComparing(Key::user).thenComparing(Key::table));
        for (InsertTally one : all) sums.merge(new Key(one.database, one.user, one.table), one, InsertTally::plus);
        return sums.values().stream().sorted(Comparator.comparingDouble((InsertTally tally) -> tally.rate()).reversed()).toList();
    }

    private InsertTally plus(InsertTally other) {
        var sum = new EnumMap<InsertHabit, Long>(InsertHabit.class);
        sum.putAll(rows);
        other.rows.forEach((habit, count) -> sum.merge(habit, count, Long::sum));
        return new InsertTally(database, user, table, sum, Math.max(seconds, other.seconds));
    }
}
