package org.pgkeel.proxy.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.failover.topology.NodeAddress;

/// A cluster's servers as the questions about outcomes see them. Fields may be changed between questions. Threading: guarded by its monitor.
final class FakeServer implements SqlAsker {
    private static final Pattern XIDS = Pattern.compile("unnest\\('\\{([^}]*)}'");

    boolean answers = true;
    boolean standby;
    String start = "10:00";
    String reset = "reset 1";
    int timeline = 4;
    String replayed = "";
    String historyFile = "";
    /// Is the backend there that is asked for?
    boolean backendIsThere = true;
    final Map<Long, String> statuses = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    /// What happens when a commit that waits for the standbys is asked for.
    CompletableFuture<List<List<String>>> replication = new CompletableFuture<>();

    @Override
    public synchronized CompletionStage<List<List<String>>> ask(NodeAddress node, String sql) {
        asked.add(sql);
        if (!answers) return CompletableFuture.failedFuture(new Refused("connection refused"));
        if (sql.contains("pg_logical_emit_message")) return replication;
        if (sql.contains("pg_terminate_backend")) return CompletableFuture.completedFuture(List.of(List.of("t")));
        if (sql.contains("pg_stat_activity")) return CompletableFuture.completedFuture(List.of(List.of(start, reset, backendIsThere ? "1" : "0")));
        if (sql.contains("pg_read_file")) {
            return historyFile.isEmpty() ? CompletableFuture.failedFuture(new IllegalStateException("42501")) : CompletableFuture.completedFuture(List.of(List.of(historyFile)));
        }
        Matcher xids = XIDS.matcher(sql);
        if (!xids.find()) return CompletableFuture.completedFuture(List.of(self()));
        var rows = new ArrayList<List<String>>();
        for (String xid : xids.group(1).split(",")) {
            var row = new ArrayList<>(self());
            row.add(Integer.toString(rows.size() + 1));
            row.add(statuses.getOrDefault(Long.parseUnsignedLong(xid), "not ended"));
            rows.add(row);
        }
        return CompletableFuture.completedFuture(rows);
    }

    private List<String> self() {
        return List.of(standby ? "t" : "f", start, reset, Integer.toString(standby ? timeline - 1 : timeline), replayed, "");
    }

    synchronized void change(Runnable how) {
        how.run();
    }

    synchronized long asked(String part) {
        return asked.stream().filter(sql -> sql.contains(part)).count();
    }
}
