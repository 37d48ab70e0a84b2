package org.pgkeel.proxy.advise;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The settings of a server that matter to those who insert much. Each has its price; none is changed.
public final class SettingsAdvice {
    private static final long MIB = 1024 * 1024;
    private static final long WAL_BYTES_MIN = 4096 * MIB;
    private static final int CHECKPOINT_SECONDS_MIN = 900;

    private static final String SETTINGS = """
            select name, setting, coalesce(enumvals::text, '') enumvals from pg_catalog.pg_settings where name in ('wal_compression', 'synchronous_commit', 'synchronous_standby_names', 'fsync',
              'full_page_writes', 'max_wal_size', 'checkpoint_timeout', 'checkpoint_completion_target', 'autovacuum', 'default_transaction_isolation', 'server_version_num')""";

    private SettingsAdvice() {}

    public static List<Advice> of(Connection server) throws SQLException {
        var settings = new HashMap<String, String>();
        String walWords = "";
        for (Map<String, String> row : Rows.of(server, SETTINGS)) {
            settings.put(row.get("name"), row.get("setting"));
            if (row.get("name").equals("wal_compression")) walWords = row.get("enumvals");
        }
        boolean checkpointer = Integer.parseInt(settings.get("server_version_num")) >= 170_000;
        Map<String, String> checkpoints = Rows.of(server, checkpointer ? "select num_timed timed, num_requested requested from pg_catalog.pg_stat_checkpointer"
                : "select checkpoints_timed timed, checkpoints_req requested from pg_catalog.pg_stat_bgwriter").getFirst();
        return of(settings, walWords, Long.parseLong(checkpoints.get("timed")), Long.parseLong(checkpoints.get("requested")));
    }

    /// @param settings  as in `pg_settings`, in its units
    /// @param walWords  what `wal_compression` may be
    /// @param timed     checkpoints that came by time, since the statistics were reset
    /// @param requested those that came by the amount of WAL, or were asked for
    static List<Advice> of(Map<String, String> settings, String walWords, long timed, long requested) {
        var all = new ArrayList<Advice>();
        durability(settings, all);
        if (settings.getOrDefault("wal_compression", "").equals("off")) {
            String word = walWords.contains("lz4") ? "lz4" : "on";
            all.add(Advice.change("wal_compression", "off: full-page images go to the WAL as they are", "alter system set wal_compression = '" + word + "'; select pg_reload_conf();",
                    "Less WAL after each checkpoint, most of all with random keys (uuid).", "CPU of the backends that write the images."));
        }
        checkpoints(settings, timed, requested, all);
        if (settings.getOrDefault("autovacuum", "on").equals("off")) {
            all.add(new Advice(Advice.Weight.DANGER, "autovacuum", "off", "alter system set autovacuum = on; select pg_reload_conf();",
                    "Tables are vacuumed and analyzed before the server has to stop for transaction ids.", "I/O in the background."));
        }
        String isolation = settings.getOrDefault("default_transaction_isolation", "read committed");
        if (!isolation.equals("read committed")) {
            all.add(Advice.keep("default_transaction_isolation", isolation + ": INSERTs of clients that say nothing else do not share commits, as an error of one could be everybody's"));
        }
        return all;
    }

    private static void durability(Map<String, String> settings, List<Advice> all) {
        String standbys = settings.getOrDefault("synchronous_standby_names", "");
        String commit = settings.getOrDefault("synchronous_commit", "on");
        String waits = standbys.isEmpty() ? "each commit waits for this server's disk" : "each commit waits for a replica (" + standbys + ")";
        if (commit.equals("off")) {
            all.add(new Advice(Advice.Weight.DANGER, "synchronous_commit", "off: commits are answered before they are on disk, and a crash loses those of the last moments (3 times wal_writer_delay)",
                    "alter system set synchronous_commit = on; select pg_reload_conf();", "What is acknowledged is durable. Coalescing pays the wait once for a batch.", "Commits that do not share wait for the disk."));
        } else {
            all.add(Advice.keep("synchronous_commit", commit + ": " + waits + ". That is the price of an acknowledgement that holds, and coalescing pays it once for a batch. off would save it and lose the last acknowledged rows in a crash"));
        }
        if (settings.getOrDefault("fsync", "on").equals("off")) {
            all.add(new Advice(Advice.Weight.DANGER, "fsync", "off: a crash of the machine may leave the whole cluster unreadable", "alter system set fsync = on; select pg_reload_conf();", "Data survive a crash.",
                    "Commits wait for the disk."));
        }
        if (settings.getOrDefault("full_page_writes", "on").equals("off")) {
            all.add(new Advice(Advice.Weight.DANGER, "full_page_writes", "off: a page that was half written in a crash stays so, unless the file system writes pages whole", "alter system set full_page_writes = on; select pg_reload_conf();",
                    "Pages survive a crash.", "More WAL after each checkpoint; wal_compression and rarer checkpoints make it less."));
        }
    }

    private static void checkpoints(Map<String, String> settings, long timed, long requested, List<Advice> all) {
        long walBytes = Long.parseLong(settings.getOrDefault("max_wal_size", "1024")) * MIB;
        boolean often = requested >= 5 && requested * 5 > timed;
        if (walBytes < WAL_BYTES_MIN && often) {
            all.add(Advice.change("max_wal_size", walBytes / MIB + " MB; " + requested + " checkpoints came for the amount of WAL (or were asked for), " + timed + " by time",
                    "alter system set max_wal_size = '8GB'; select pg_reload_conf();", "Fewer checkpoints, and fewer full-page images behind them.", "So much more disk for WAL, and recovery after a crash takes longer."));
        }
        long seconds = Long.parseLong(settings.getOrDefault("checkpoint_timeout", "300"));
        if (seconds < CHECKPOINT_SECONDS_MIN) {
            all.add(Advice.change("checkpoint_timeout", seconds + " s: every page is written whole to the WAL once in that time", "alter system set checkpoint_timeout = '15min'; select pg_reload_conf();",
                    "Fewer full-page images.", "Recovery after a crash takes longer; max_wal_size must allow it."));
        }
        if (Double.parseDouble(settings.getOrDefault("checkpoint_completion_target", "0.9")) < 0.9) {
            all.add(Advice.change("checkpoint_completion_target", settings.get("checkpoint_completion_target") + ": checkpoints write in bursts", "alter system set checkpoint_completion_target = 0.9; select pg_reload_conf();",
                    "Checkpoints disturb commits less.", "None worth to name."));
        }
    }
}
