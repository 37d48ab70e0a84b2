package org.pgkeel.proxy.coalesce;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.cluster.Outcomes;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.config.KeyOrder;
import org.pgkeel.proxy.config.SpillConfig;
import org.pgkeel.proxy.insert.ConflictClause;
import org.pgkeel.proxy.insert.CopyPlan;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.insert.InsertTemplates;
import org.pgkeel.proxy.insert.RowKey;
import org.pgkeel.proxy.insert.TargetTable;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Dialect;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides whose INSERTs share commits with whose on one event loop: those of one database and user, into one table, with the same columns and the
/// same settings; `application_name` may differ where nothing of the table could ask for it.
///
/// Threading: confined to its event loop.
public final class Coalescer {
    private static final Logger log = LoggerFactory.getLogger(Coalescer.class);
    private static final int TARGETS_MAX = 1024;
    /// With these a row could fail, be seen, or close its connection, in a way that depends on its company.
    private static final Set<String> REFUSED_SETTINGS = Set.of("default_transaction_isolation", "default_transaction_read_only", "default_transaction_deferrable",
            "session_replication_role", "lock_timeout", "transaction_timeout", "session_authorization");

    private final EventLoop loop;
    private final int loopIndex;
    private final Outcomes outcomes;
    private final OwnStatements own;
    private final InsertTemplates templates = new InsertTemplates();
    private final Map<QueueKey, BatchQueue> queues = new HashMap<>();
    private final Map<TableKey, TableKnowledge> tables = new HashMap<>();
    private final TableStats stats = new TableStats();
    private final Map<CoalesceRule, BufferedBytes> buffered = new HashMap<>();
    private final Map<SpillConfig, Spill> spills = new HashMap<>();
    private final DeduplicatedStatements deduplicated = new DeduplicatedStatements();
    private final Map<String, ConflictClause> clauses = new HashMap<>();
    private final Map<Place, Outcomes.Client> everybody = new HashMap<>();
    /// Tables of which the log has said that clients are on another event loop than their rows'.
    private final Set<String> toldOf = new HashSet<>();

    private record TableKey(Place place, Settings settings, String name) {}

    /// @param plan   those that may be one COPY; empty for those that may not be a COPY
    /// @param clause with which they are sent; empty where rows have an order: then a queue has them all
    private record QueueKey(Place place, CoalesceRule rule, long table, Settings settings, Optional<CopyPlan> plan, Optional<ConflictClause> clause) {
        boolean isSameButForRule(QueueKey other) {
            return place == other.place && table == other.table && settings.equals(other.settings);
        }
    }

    public Coalescer(EventLoop loop, int loopIndex, StatementCache statements, Outcomes outcomes) {
        this.loop = loop;
        this.loopIndex = loopIndex;
        this.outcomes = outcomes;
        this.own = new OwnStatements(statements);
    }

    /// Finds texts of simple Queries again that differ in their values alone.
    public InsertTemplates templates() {
        return templates;
    }

    /// Where an INSERT goes that shares its commit.
    /// @param rules of its client, in their order
    /// @param types of its parameters, 0 where the client did not say
    /// @return null if it does not share its commit, or it is not known yet whether it may
    public @Nullable Target target(Place place, List<CoalesceRule> rules, Settings settings, InsertShape shape, int[] types, long nowNanos) {
        if (rules.stream().noneMatch(rule -> rule.mayFit(shape.schema(), shape.table())) || !isUsual(settings)) return null;
        if (tables.size() > TARGETS_MAX) tables.clear();
        Settings shared = settings.without("application_name");
        TableKnowledge table = tables.computeIfAbsent(new TableKey(place, shared, shape.writtenName()), key -> new TableKnowledge(place, shared, key.name));
        if (!table.isReliable(nowNanos) || table.known().isEmpty()) return null;
        TargetTable known = table.known().get();
        Optional<CoalesceRule> rule = rules.stream().filter(each -> each.fits(known.schema(), known.name())).findFirst();
        if (rule.isEmpty() || !known.usualSession() || isLost(rule.get(), place, known)) return null;
        Optional<CopyPlan> plan = shape.isPlain() && known.sharesCommits() ? CopyPlan.of(shape, types, known, rule.get().afterRowTriggers()) : Optional.empty();
        CoalesceStats counted = stats.of(known.copyTable());
        Optional<ConflictClause> clause = rule.get().dedupBy().flatMap(column -> clause(column, shape, known, counted));
        if (clause.isPresent()) plan = Optional.empty();
        boolean ordered = rule.get().orderBy().isPresent();
        var key = new QueueKey(place, rule.get(), known.oid(), known.ignoresApplicationName() ? shared : settings, ordered ? Optional.empty() : plan, ordered ? Optional.empty() : clause);
        BatchQueue queue = queues.get(key);
        if (queue == null) {
            queue = new BatchQueue(rule.get(), buffered.computeIfAbsent(rule.get(), of -> new BufferedBytes(of.maxBufferedBytes())), loop, this::start, counted, rule.get().spill().map(this::spill).orElse(null));
            if (rule.get().orderBy().isPresent()) begins(queue, key, known, rule.get().orderBy().get());
            if (rule.get().lanesBy() == CoalesceRule.LanesBy.PARTITION && known.partitions().isEmpty()) {
                log.warn("coalesce: lanes-by = partition of {}: it has no partitions that can be told by one value of a statement, so its rows leave as they came", known.copyTable());
            }
            queues.put(key, queue);
        }
        Optional<RowKey> laneKey = switch (rule.get().lanesBy()) {
            case ARRIVAL -> rule.get().orderBy().map(order -> RowKey.of(shape, types, known, order.column()));
            case PARTITION -> known.partitions().map(partitions -> RowKey.of(shape, types, known, partitions));
        };
        InsertWay inFew = !known.sharesCommits() ? InsertWay.DEFERRED : clause.isPresent() ? InsertWay.DEDUP : plan.isPresent() ? InsertWay.FEW_ROWS : whyNotCopied(shape, known, rule.get());
        return new Target(place, queue, settings, shape, table, plan, inFew, laneKey, templates, clause);
    }

    /// A client that logged in before the rule had an order: where it is, its rows would meet no others.
    private boolean isLost(CoalesceRule rule, Place place, TargetTable table) {
        if (rule.orderBy().isEmpty() || place.isHome()) return false;
        if (toldOf.add(table.copyTable())) {
            log.warn("coalesce: order-by = {} of {} came in force while clients were logged in: those on another event loop than their rows' share no commits until they connect again",
                    rule.orderBy().get().column(), table.copyTable());
        }
        return true;
    }

    private static InsertWay whyNotCopied(InsertShape shape, TargetTable table, CoalesceRule rule) {
        if (!shape.isPlain()) return InsertWay.STATEMENT;
        if (!table.isEligible()) return InsertWay.TABLE;
        return table.hasAfterRowTrigger() && rule.afterRowTriggers() == CoalesceRule.AfterRowTriggers.REFUSE ? InsertWay.AFTER_ROW_TRIGGERS : InsertWay.VALUES;
    }

    /// A queue with an order: what came before a reload, by another rule, goes first.
    private void begins(BatchQueue queue, QueueKey key, TargetTable known, KeyOrder order) {
        queue.behind(queues.entrySet().stream().filter(each -> each.getKey().isSameButForRule(key)).map(Map.Entry::getValue).toList());
        RowKey.whyUnknown(known, order.column()).ifPresent(why ->
                log.warn("coalesce: order-by = {} of {}: {}, so its batches follow one another", order.column(), known.copyTable(), why));
    }

    private Optional<ConflictClause> clause(String column, InsertShape shape, TargetTable table, CoalesceStats counted) {
        Optional<String> obstacle = table.arbiters().obstacle(column);
        counted.dedup().found(column, obstacle);
        ConflictClause clause = clauses.computeIfAbsent(column, ConflictClause::new);
        return obstacle.isEmpty() && clause.concerns(shape, table) ? Optional.of(clause) : Optional.empty();
    }

    private Spill spill(SpillConfig where) {
        return spills.computeIfAbsent(where, of -> new Spill("pgkeel-spill-" + loopIndex, of.maxBytes(), () -> SpillFile.in(of.folder()), loop));
    }

    /// A client with these settings may share commits.
    public static boolean isUsual(Settings settings) {
        var usual = new boolean[] {true};
        settings.forEach((name, _) -> usual[0] &= !REFUSED_SETTINGS.contains(name) && name.indexOf('.') < 0);
        String encoding = settings.get("client_encoding").orElse("UTF8");
        return usual[0] && (encoding.equalsIgnoreCase("UTF8") || encoding.equalsIgnoreCase("UTF-8") || encoding.equalsIgnoreCase("unicode"))
                && Dialect.of(settings.get("standard_conforming_strings").orElse("on"), encoding).equals(Dialect.USUAL);
    }

    private void start(BatchQueue from, Batch batch, BatchQueue.Size size) {
        Target first = batch.all().getFirst().target();
        BatchRun run = switch (size) {
            case MANY -> new CopyRun(this, from, first, first.settings(), batch);
            case FEW -> batch.all().stream().anyMatch(Contribution::isDeduplicated) ? new DedupRun(this, from, first.place(), first.settings(), batch) : new SharedCommitRun(this, from, first.place(), first.settings(), batch);
        };
        run.start();
    }

    /// A pool is not used any more.
    public void forget(Place place) {
        queues.keySet().removeIf(key -> key.place == place);
        tables.keySet().removeIf(key -> key.place == place);
        everybody.remove(place);
    }

    /// To be called a few times a second.
    public void tick(long nowNanos) {
        queues.forEach((key, queue) -> queue.tick(nowNanos, key.place.slice().shared().waitLimit()));
        forgetIdle(nowNanos);
        if (queues.size() > TARGETS_MAX) queues.values().removeIf(BatchQueue::retires);
        if (buffered.size() > TARGETS_MAX) buffered.keySet().retainAll(queues.keySet().stream().map(QueueKey::rule).toList());
    }

    /// Numbers are forgotten with the queues that count in them.
    private void forgetIdle(long nowNanos) {
        Set<CoalesceStats> idle = stats.idle(nowNanos);
        if (idle.isEmpty()) return;
        queues.values().removeIf(queue -> idle.contains(queue.stats()) && queue.retires());
        queues.values().forEach(queue -> idle.remove(queue.stats()));
        stats.forget(idle);
    }

    public List<CoalesceSnapshot> snapshots() {
        var all = new ArrayList<CoalesceSnapshot>();
        stats.all().forEach(of -> {
            int rows = 0;
            long bytes = 0;
            int underWay = 0;
            int awayRows = 0;
            long awayBytes = 0;
            for (BatchQueue queue : queues.values()) {
                if (queue.stats() != of) continue;
                rows += queue.waiting().rows();
                bytes += queue.bufferedBytes();
                underWay += queue.batchesUnderWay();
                awayRows += queue.waiting().awayRows();
                awayBytes += queue.waiting().awayBytes();
            }
            all.add(of.snapshot(rows, bytes, underWay, awayRows, awayBytes));
        });
        return all;
    }

    // --- for its batches

    OwnStatements own() {
        return own;
    }

    DeduplicatedStatements deduplicated() {
        return deduplicated;
    }

    Outcomes outcomes() {
        return outcomes;
    }

    EventLoop loop() {
        return loop;
    }

    int loopIndex() {
        return loopIndex;
    }

    /// Who is told of a batch, for the list of what an asynchronous failover lost.
    Outcomes.Client everybody(Place place) {
        return everybody.computeIfAbsent(place, of -> new Outcomes.Client(of.slice().shared().key().user(), of.slice().shared().key().database(), "a batch of several clients"));
    }
}
