package org.pgkeel.proxy.census;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.insert.InsertOutline;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.statement.Dialect;

/// Counts the rows of INSERTs by database, user and table, over the last minute. A statement that passes costs a decrement; some are looked at, and stand
/// for those that were not: see [Sampler]. While fewer than [Sampler#LOOKS_PER_SECOND] statements a second pass, the counts are exact.
///
/// Threading: confined to its event loop.
public final class InsertCensus {
    /// Tables of one database and user; the rows of more are counted as [InsertTally#OTHERS].
    static final int POOL_TABLES_MAX = 128;
    /// Tables of all of them.
    static final int TABLES_MAX = 512;
    private static final int TEXTS_MAX = 1024;
    private static final long SLOT_NANOS = 10_000_000_000L;

    private record Pool(String database, String user) {}

    private final Sampler sampler;
    private final LoopStats stats;
    private final Map<Pool, Map<String, TableTally>> pools = new HashMap<>();
    private final Map<Object, Read> texts = new IdentityHashMap<>();
    private final long startNanos;
    private int tables;
    private int slot;
    private long slotNanos;

    private record Read(Dialect dialect, Optional<InsertText> text) {}

    /// @param seed of the choice of statements to look at
    /// @param stats hears of all rows
    public InsertCensus(long seed, long nowNanos, LoopStats stats) {
        this.stats = stats;
        this.sampler = new Sampler(seed, nowNanos);
        this.startNanos = nowNanos;
        this.slotNanos = nowNanos;
    }

    /// A statement passes.
    /// @return whether it is to be looked at: one of the calls below follows
    public boolean isDue() {
        return sampler.isDue();
    }

    /// What was looked at is no INSERT.
    public void nothing() {
        sampler.looked();
    }

    /// A simple Query.
    /// @param text    one character for each byte
    /// @param outside why it could not share a commit whatever it says; null if nothing is against it
    public void query(String database, String user, String text, Dialect dialect, @Nullable InsertHabit outside) {
        count(database, user, InsertText.of(text, dialect), outside);
    }

    /// The beginning of a Query, or of a statement, that is too long to share a commit.
    public void longQuery(String database, String user, String beginning) {
        count(database, user, InsertOutline.of(beginning).map(outline -> new InsertText(outline.writtenName(), InsertHabit.TOO_LONG, 1)), null);
    }

    /// A prepared statement is executed.
    /// @param statement the same object for the same text
    /// @param text      its text
    public void executed(String database, String user, Object statement, Supplier<String> text, Dialect dialect, @Nullable InsertHabit outside) {
        Read known = texts.get(statement);
        if (known == null || !known.dialect.equals(dialect)) {
            if (texts.size() >= TEXTS_MAX) texts.clear();
            known = new Read(dialect, InsertText.of(text.get(), dialect));
            texts.put(statement, known);
        }
        count(database, user, known.text, outside);
    }

    /// Rows share their commit.
    /// @param writtenName of their table
    public void coalesced(String database, String user, String writtenName, int rows) {
        add(database, user, writtenName, InsertHabit.COALESCED, (long) rows * sampler.looked());
    }

    private void count(String database, String user, Optional<InsertText> text, @Nullable InsertHabit outside) {
        int weight = sampler.looked();
        if (text.isEmpty()) return;
        boolean may = text.get().habit().fate() != InsertHabit.Fate.NONE;
        add(database, user, text.get().table(), outside != null && (may || outside == InsertHabit.IN_TRANSACTION) ? outside : text.get().habit(), (long) weight * text.get().rows());
    }

    private void add(String database, String user, String table, InsertHabit habit, long rows) {
        Map<String, TableTally> pool = pools.computeIfAbsent(new Pool(database, user), _ -> new HashMap<>());
        TableTally tally = pool.get(table);
        if (tally == null) {
            boolean room = pool.size() < POOL_TABLES_MAX && tables < TABLES_MAX;
            tally = pool.computeIfAbsent(room ? table : InsertTally.OTHERS, _ -> {
                tables++;
                return new TableTally();
            });
        }
        tally.add(slot, habit, rows);
        stats.inserted(habit, rows);
    }

    /// To be called a few times a second.
    public void tick(long nowNanos) {
        sampler.tick(nowNanos);
        while (nowNanos - slotNanos >= SLOT_NANOS) {
            slotNanos += SLOT_NANOS;
            slot = (slot + 1) % TableTally.SLOTS;
            forgetOldest();
        }
    }

    private void forgetOldest() {
        for (Iterator<Map<String, TableTally>> each = pools.values().iterator(); each.hasNext(); ) {
            Map<String, TableTally> pool = each.next();
            int before = pool.size();
            pool.values().removeIf(tally -> {
                tally.clear(slot);
                return tally.isEmpty();
            });
            tables -= before - pool.size();
            if (pool.isEmpty()) each.remove();
        }
    }

    /// The last 60 to 70 seconds, or all of the time if that is less.
    public List<InsertTally> snapshots(long nowNanos) {
        double seconds = Math.min(nowNanos - startNanos, (TableTally.SLOTS - 1) * SLOT_NANOS + (nowNanos - slotNanos)) / 1e9;
        var all = new ArrayList<InsertTally>();
        pools.forEach((pool, ofIt) -> ofIt.forEach((table, tally) -> all.add(new InsertTally(pool.database, pool.user, table, tally.sum(), seconds))));
        return all;
    }
}
