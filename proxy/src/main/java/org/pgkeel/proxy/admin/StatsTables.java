package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// SHOW STATS and its relatives: PgBouncer's columns, times in microseconds.
final class StatsTables {
    private StatsTables() {}

    private record Row(StatsSnapshot total, StatsPeriod.Averages average) {}

    /// One line of SHOW TOTALS.
    private record Total(String name, long value) {}

    static final ShowTable<?> STATS = withAverages(withTotals(rows("stats"), "total_", "received", "sent"), "avg_", "recv", "sent");
    static final ShowTable<?> STATS_TOTALS = withTotals(rows("stats_totals"), "", "bytes_received", "bytes_sent");
    static final ShowTable<?> STATS_AVERAGES = withAverages(rows("stats_averages"), "", "bytes_received", "bytes_sent");
    static final ShowTable<?> TOTALS = ShowTable.of("totals", StatsTables::totals)
            .text("name", Total::name)
            .numeric("value", Total::value);

    private static ShowTable<Row> rows(String word) {
        return ShowTable.of(word, StatsTables::perDatabase).text("database", row -> row.total.database());
    }

    private static CompletionStage<List<Row>> perDatabase(ShowSources sources) {
        return sources.operations().stats().thenApply(pools -> StatsSnapshot.byDatabase(pools).stream()
                .map(total -> new Row(total, sources.period().of(total.database())))
                .toList());
    }

    private static ShowTable<Row> withTotals(ShowTable<Row> table, String prefix, String received, String sent) {
        return table
                .numeric(prefix + "server_assignment_count", row -> row.total.serverAssignments())
                .numeric(prefix + "xact_count", row -> row.total.transactions().count())
                .numeric(prefix + "query_count", row -> row.total.queries().count())
                .numeric(prefix + received, row -> row.total.receivedBytes())
                .numeric(prefix + sent, row -> row.total.sentBytes())
                .numeric(prefix + "xact_time", row -> row.total.transactions().sumMicros())
                .numeric(prefix + "query_time", row -> row.total.queries().sumMicros())
                .numeric(prefix + "wait_time", row -> row.total.waits().sumMicros())
                .numeric(prefix + "client_parse_count", row -> row.total.clientParses())
                .numeric(prefix + "server_parse_count", row -> row.total.serverParses())
                .numeric(prefix + "bind_count", row -> row.total.binds());
    }

    private static ShowTable<Row> withAverages(ShowTable<Row> table, String prefix, String received, String sent) {
        return table
                .numeric(prefix + "server_assignment_count", row -> row.average.assignments())
                .numeric(prefix + "xact_count", row -> row.average.transactions())
                .numeric(prefix + "query_count", row -> row.average.queries())
                .numeric(prefix + received, row -> row.average.receivedBytes())
                .numeric(prefix + sent, row -> row.average.sentBytes())
                .numeric(prefix + "xact_time", row -> row.average.transactionMicros())
                .numeric(prefix + "query_time", row -> row.average.queryMicros())
                .numeric(prefix + "wait_time", row -> row.average.waitMicros())
                .numeric(prefix + "client_parse_count", row -> row.average.clientParses())
                .numeric(prefix + "server_parse_count", row -> row.average.serverParses())
                .numeric(prefix + "bind_count", row -> row.average.binds());
    }

    private static CompletionStage<List<Total>> totals(ShowSources sources) {
        return perDatabase(sources).thenApply(rows -> {
            var all = rows.stream().map(Row::total).reduce(StatsSnapshot.empty("", ""), StatsSnapshot::plus);
            Stream<Total> totals = Stream.of(
                    new Total("total_server_assignment_count", all.serverAssignments()),
                    new Total("total_xact_count", all.transactions().count()),
                    new Total("total_query_count", all.queries().count()),
                    new Total("total_received", all.receivedBytes()),
                    new Total("total_sent", all.sentBytes()),
                    new Total("total_xact_time", all.transactions().sumMicros()),
                    new Total("total_query_time", all.queries().sumMicros()),
                    new Total("total_wait_time", all.waits().sumMicros()),
                    new Total("total_client_parse_count", all.clientParses()),
                    new Total("total_server_parse_count", all.serverParses()),
                    new Total("total_bind_count", all.binds()));
            Stream<Total> averages = Stream.of(
                    new Total("avg_server_assignment_count", sum(rows, row -> row.average.assignments())),
                    new Total("avg_xact_count", sum(rows, row -> row.average.transactions())),
                    new Total("avg_query_count", sum(rows, row -> row.average.queries())),
                    new Total("avg_recv", sum(rows, row -> row.average.receivedBytes())),
                    new Total("avg_sent", sum(rows, row -> row.average.sentBytes())),
                    new Total("avg_xact_time", mean(rows, row -> row.average.transactionMicros(), row -> row.average.transactions())),
                    new Total("avg_query_time", mean(rows, row -> row.average.queryMicros(), row -> row.average.queries())),
                    new Total("avg_wait_time", mean(rows, row -> row.average.waitMicros(), row -> row.average.assignments())),
                    new Total("avg_client_parse_count", sum(rows, row -> row.average.clientParses())),
                    new Total("avg_server_parse_count", sum(rows, row -> row.average.serverParses())),
                    new Total("avg_bind_count", sum(rows, row -> row.average.binds())));
            return Stream.concat(totals, averages).toList();
        });
    }

    private static long sum(List<Row> rows, ToLongFunction<Row> value) {
        return rows.stream().mapToLong(value).sum();
    }

    /// A mean over databases, each weighing as much as it had events.
    private static long mean(List<Row> rows, ToLongFunction<Row> value, ToLongFunction<Row> weight) {
        long weights = sum(rows, weight);
        return weights == 0 ? 0 : sum(rows, row -> value.applyAsLong(row) * weight.applyAsLong(row)) / weights;
    }
}
