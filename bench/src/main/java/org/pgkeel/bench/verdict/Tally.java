package org.pgkeel.bench.verdict;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Closer;

/// How the operations of one workload ended.
///
/// @param acknowledged      logins excepted
/// @param retried           attempts of transactions that ended with 40001, after which the client tries again
/// @param autocommitErrors  by SQLSTATE: statements of their own, logins and rollbacks
/// @param transactionErrors by SQLSTATE: explicit transactions
/// @param unknown           answered with 08007
/// @param closed            connections that ended by the other side with something in flight
/// @param hung              connections that the client gave up because no answer came
public record Tally(long acknowledged, long retried, Map<String, Long> autocommitErrors, Map<String, Long> transactionErrors, long unknown, long closed, long hung) {
    public static final Tally NOTHING = new Tally(0, 0, Map.of(), Map.of(), 0, 0, 0);

    public static Tally of(List<Operation> operations) {
        long acknowledged = 0;
        long retried = 0;
        long unknown = 0;
        long closed = 0;
        long hung = 0;
        Set<List<Long>> ended = new HashSet<>();
        var autocommit = new TreeMap<String, Long>();
        var transactions = new TreeMap<String, Long>();
        for (Operation operation : operations) {
            switch (operation.outcome()) {
                case Outcome.Acknowledged(_, _, long seen, _) -> {
                    if (operation.kind() != Kind.LOGIN) acknowledged++;
                    if (operation.kind() == Kind.PGBENCH) retried += seen;
                }
                case Outcome.Failed(String sqlState) -> {
                    (operation.kind().autocommit() ? autocommit : transactions).merge(sqlState, 1L, Long::sum);
                    if (!operation.kind().autocommit() && sqlState.equals(Outcome.SERIALIZATION_FAILURE)) retried++;
                }
                case Outcome.Unknown _ -> unknown++;
                case Outcome.Closed(Closer by, _) -> {
                    // What was sent in one write is lost with one connection.
                    if (!ended.add(List.of((long) operation.worker(), operation.invokedAt()))) continue;
                    switch (by) {
                        case PEER -> closed++;
                        case CLIENT_LOST_PATIENCE -> hung++;
                    }
                }
            }
        }
        return new Tally(acknowledged, retried, autocommit, transactions, unknown, closed, hung);
    }

    public Tally plus(Tally other) {
        return new Tally(acknowledged + other.acknowledged, retried + other.retried, sum(autocommitErrors, other.autocommitErrors),
                sum(transactionErrors, other.transactionErrors), unknown + other.unknown, closed + other.closed, hung + other.hung);
    }

    private static Map<String, Long> sum(Map<String, Long> one, Map<String, Long> other) {
        var sum = new TreeMap<>(one);
        other.forEach((sqlState, times) -> sum.merge(sqlState, times, Long::sum));
        return sum;
    }
}
