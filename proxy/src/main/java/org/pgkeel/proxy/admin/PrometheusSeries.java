package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.LogQueue;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// PgKeel's own series: names begin with `pgkeel_` and end in their unit, seconds and bytes, never thousands of them.
/// Threading: belongs to the call that made it.
final class PrometheusSeries {
    /// Pools with series of their own; further ones are added up under [#REST]. A wildcard database times many users would
    /// otherwise fill the monitoring's memory.
    static final int POOLS_MAX = 500;
    /// The same of tables whose INSERTs may share commits: a rule for a pattern of names may mean a new one each day.
    static final int TABLES_MAX = 100;
    static final String REST = "(rest)";
    private static final double MICROS_PER_SECOND = 1e6;

    private final List<MetricSnapshot> series = new ArrayList<>();

    private PrometheusSeries() {}

    static List<MetricSnapshot> of(Optional<Sample> sample) {
        var all = new PrometheusSeries();
        all.gauge("pgkeel_snapshot_available", "1 if all event loops answered this scrape in time", sample.isPresent() ? 1 : 0);
        all.series.add(CounterSnapshot.builder().name("pgkeel_log_dropped_lines").help("Lines that the log could not be written fast enough for")
                .dataPoint(CounterDataPointSnapshot.builder().value(LogQueue.droppedLines()).build()).build());
        sample.ifPresent(taken -> {
            all.proxy(taken.proxy());
            all.levels(bounded(taken.pools(), POOLS_MAX, PoolSnapshot::plus, pool -> new PoolSnapshot(REST, REST, PoolSnapshot.PRIMARY, pool.mode(), pool.clients(),
                    pool.servers(), pool.maxWaitMicros(), pool.sizeMax(), pool.sizeMin(), pool.reserve(), pool.pinnedByReason())));
            all.rates(bounded(taken.stats(), POOLS_MAX, StatsSnapshot::plus, stats -> StatsSnapshot.empty(REST, REST).plus(stats)));
            all.reasons(taken.counters());
            OutcomeSeries.add(taken.outcomes(), all.series);
            ClusterSeries.add(taken.clusters(), all.series);
            HoldSeries.add(taken.holds(), all.series);
            CoalesceSeries.add(bounded(taken.coalesced(), TABLES_MAX, CoalesceSnapshot::plus, table -> CoalesceSnapshot.empty(REST).plus(table)), all.series);
        });
        return all.series;
    }

    private void proxy(ProxySnapshot proxy) {
        series.add(InfoSnapshot.builder().name("pgkeel").help("Version of PgKeel")
                .dataPoint(InfoDataPointSnapshot.builder().labels(Labels.of("version", proxy.version())).build()).build());
        gauge("pgkeel_draining", "1 once a shutdown has begun", proxy.state() == ProxySnapshot.State.DRAINING ? 1 : 0);
        gauge("pgkeel_paused", "1 while all databases are paused", proxy.state() == ProxySnapshot.State.PAUSED ? 1 : 0);
        gauge("pgkeel_clients", "Client connections that have logged in", proxy.clients());
        gauge("pgkeel_clients_login", "Client connections that have not logged in yet", proxy.clientsLogin());
        var certificates = GaugeSnapshot.builder().name("pgkeel_certificate_expiry_seconds").help("Until the certificates under a key of the configuration expire, below 0 since they have");
        proxy.certificates().forEach((key, left) -> certificates.dataPoint(GaugeDataPointSnapshot.builder().labels(Labels.of("key", key)).value(left.toSeconds()).build()));
        series.add(certificates.build());
        gauge("pgkeel_clients_limit", "Client connections at most: limits.clients", proxy.clientsMax());
    }

    private void levels(List<PoolSnapshot> pools) {
        var each = new SeriesOf<>(pools, PrometheusSeries::labels, series);
        each.gauge("pgkeel_pool_clients_active", "Clients linked to a backend connection, or idle", pool -> pool.clients().active());
        each.gauge("pgkeel_pool_clients_waiting", "Clients waiting for a backend connection", pool -> pool.clients().waiting());
        each.gauge("pgkeel_pool_clients_canceling", "Cancel requests under way", pool -> pool.clients().activeCancel() + pool.clients().waitingCancel());
        each.gauge("pgkeel_pool_longest_wait_seconds", "How long the client that has waited longest has been waiting", pool -> pool.maxWaitMicros() / MICROS_PER_SECOND);
        each.gauge("pgkeel_pool_backend_connections_limit", "Backend connections at most, the reserve not included", PoolSnapshot::sizeMax);
        each.gauge("pgkeel_pool_backend_connections_reserve", "Backend connections beyond the limit when clients wait for long", PoolSnapshot::reserve);
        each.gauges("pgkeel_backend_connections", "Backend connections by state", (pool, points) -> {
            var servers = pool.servers();
            Map.of("active", servers.active(), "active_cancel", servers.activeCancel(), "being_canceled", servers.beingCanceled(),
                    "idle", servers.idle(), "used", servers.used(), "tested", servers.tested(), "login", servers.login()
            ).forEach((state, count) -> points.add(Labels.of("state", state), count));
        });
        each.gauges("pgkeel_pool_pinned_connections", "Backend connections pinned to their client, by reason",
                (pool, points) -> pool.pinnedByReason().forEach((reason, count) -> points.add(Labels.of("reason", reason), count)));
    }

    private void rates(List<StatsSnapshot> stats) {
        var each = new SeriesOf<>(stats, PrometheusSeries::labels, series);
        each.seconds("pgkeel_client_wait_seconds", "Waits of clients for a backend connection", StatsSnapshot::waits);
        each.seconds("pgkeel_query_seconds", "Query cycles, from the client's request to ReadyForQuery", StatsSnapshot::queries);
        each.seconds("pgkeel_transaction_seconds", "Transactions, from lease to release", StatsSnapshot::transactions);
        each.counter("pgkeel_client_received_bytes", "Bytes from clients", StatsSnapshot::receivedBytes);
        each.counter("pgkeel_client_sent_bytes", "Bytes to clients", StatsSnapshot::sentBytes);
        each.counter("pgkeel_client_parses", "Statements prepared by clients", StatsSnapshot::clientParses);
        each.counter("pgkeel_backend_parses", "Statements prepared on backend connections", StatsSnapshot::serverParses);
        each.counter("pgkeel_binds", "Prepared statements bound by clients", StatsSnapshot::binds);
        each.counter("pgkeel_backend_leases", "Times a backend connection was leased to a client", StatsSnapshot::serverAssignments);
        each.counter("pgkeel_backend_lifetime_seconds", "Ages of closed backend connections, added up", pool -> pool.serverLifetimeMicros() / MICROS_PER_SECOND);
    }

    private void reasons(LoopSnapshot counters) {
        byWord("pgkeel_logins", "Logins by outcome", "outcome", counters.logins());
        byWord("pgkeel_refusals", "Refusals by reason", "reason", counters.refusals());
        byWord("pgkeel_pins", "Pins of a backend connection to a client, by reason", "reason", counters.pins());
        byWord("pgkeel_client_closes", "Closed client connections by reason", "reason", counters.clientCloses());
        byWord("pgkeel_backend_closes", "Closed backend connections by reason", "reason", counters.serverCloses());
        byWord("pgkeel_backend_losses", "Clients that stayed when their backend was lost, by what became of them", "verdict", counters.losses());
        byWord("pgkeel_inserted_rows", "Rows of INSERTs by how they came, and why they could not share a commit", "reason", counters.insertedRows());
        series.add(CounterSnapshot.builder().name("pgkeel_cancel_requests").help("Cancel requests from clients")
                .dataPoint(CounterDataPointSnapshot.builder().value(counters.cancelRequests()).build()).build());
    }

    private void gauge(String name, String help, double value) {
        series.add(GaugeSnapshot.builder().name(name).help(help).dataPoint(GaugeDataPointSnapshot.builder().value(value).build()).build());
    }

    private void byWord(String name, String help, String label, Map<String, Long> counts) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        counts.forEach((word, count) ->
                counter.dataPoint(CounterDataPointSnapshot.builder().labels(Labels.of(label, word)).value(count).build()));
        series.add(counter.build());
    }

    /// Pools to the primary have no `node`.
    private static Labels labels(PoolSnapshot pool) {
        Labels labels = Labels.of("database", pool.database(), "user", pool.user());
        return pool.isToReplica() ? labels.add("node", pool.node()) : labels;
    }

    private static Labels labels(StatsSnapshot pool) {
        return Labels.of("database", pool.database(), "user", pool.user());
    }

    /// The first as they are, the others as one.
    private static <T> List<T> bounded(List<T> all, int max, BinaryOperator<T> plus, Function<T, T> renamed) {
        if (all.size() <= max) return all;
        var kept = new ArrayList<>(all.subList(0, max));
        all.subList(max, all.size()).stream().map(renamed).reduce(plus).ifPresent(kept::add);
        return Collections.unmodifiableList(kept);
    }
}
