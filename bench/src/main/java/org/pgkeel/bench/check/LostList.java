package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// The acknowledged transactions that PgKeel says an asynchronous failover lost, against those that are not there.
///
/// PgKeel logs one line each, with `acknowledged transaction lost`, `xid=` and `lsn=`. Numbers are compared as a multiset,
/// because a lost number is given out again on the new timeline.
public final class LostList {
    private static final String MARK = "acknowledged transaction lost";
    private static final Pattern XID = Pattern.compile("\\bxid=(\\d+)");
    private static final Pattern LSN = Pattern.compile("\\blsn=([0-9A-Fa-f]+/[0-9A-Fa-f]+)");

    /// @param lsn the position that the line names, empty if it names none
    public record Logged(long xid, String lsn) {}

    private LostList() {}

    /// @return what the line says, if it is about a lost transaction
    public static Optional<Logged> parse(String line) {
        if (!line.contains(MARK)) return Optional.empty();
        Matcher xid = XID.matcher(line);
        Matcher lsn = LSN.matcher(line);
        if (!xid.find()) return Optional.empty();
        return Optional.of(new Logged(Long.parseUnsignedLong(xid.group(1)), lsn.find() ? lsn.group(1) : ""));
    }

    /// @param lost   operations that are not there, see [Defect#LOST]
    /// @param logged what all PgKeels together logged
    public static List<Finding> check(List<Operation> lost, List<Logged> logged) {
        Map<Long, Integer> open = new HashMap<>();
        for (Logged line : logged) open.merge(line.xid(), 1, Integer::sum);
        // Operations that shared a transaction share its line.
        Map<List<Long>, Operation> transactions = new LinkedHashMap<>();
        for (Operation operation : lost) {
            if (!(operation.outcome() instanceof Acknowledged(long xid, int timeline, _, _))) throw new IllegalArgumentException("not acknowledged: " + operation);
            transactions.putIfAbsent(List.of(xid, (long) timeline), operation);
        }
        var findings = new ArrayList<Finding>();
        transactions.forEach((transaction, operation) -> {
            long xid = transaction.getFirst();
            if (open.merge(xid, -1, Integer::sum) < 0) {
                findings.add(Finding.of(Defect.LOSS_NOT_LOGGED, operation, "transaction " + xid + " was acknowledged, is lost, and no line says so"));
                open.remove(xid);
            }
        });
        open.forEach((xid, times) -> {
            for (int i = 0; i < times; i++) findings.add(Finding.of(Defect.LOGGED_NOT_LOST, "transaction " + xid + " is logged as lost, and no client misses it"));
        });
        return findings;
    }
}
