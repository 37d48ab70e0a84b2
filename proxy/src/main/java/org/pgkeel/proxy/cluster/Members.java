package org.pgkeel.proxy.cluster;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.patroni.PatroniClient;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.failover.watch.Evidence;
import org.pgkeel.failover.watch.LeaderLease;
import org.pgkeel.failover.watch.MemberEvidence;
import org.pgkeel.failover.watch.PrimaryWatch;
import org.pgkeel.failover.watch.Strays;
import org.pgkeel.proxy.backend.BackendTarget;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.MonitorConfig;
import org.pgkeel.proxy.config.PatroniConfig;

/// The members of one watched cluster, and how they are asked. With Patroni they come and go as `/cluster` says.
///
/// Threading: confined to the cluster rooms.
final class Members {
    /// How a member is asked again.
    enum Way {
        ANY_CONNECTION,
        /// Where it is full: the one that is open.
        NEW_CONNECTION,
        NOTHING_BUT_NEW
    }

    private static final String POSITION = "select pg_is_in_recovery(), case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end, case when not pg_is_in_recovery() then pg_current_wal_insert_lsn() end";
    /// Without Patroni.
    private static final Duration NODES_TIMEOUT = Duration.ofMillis(800);
    /// A member that `/cluster` does not name any more, and that takes no writes, is forgotten after this time. It does not run while nobody has a map.
    private static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final NodeReply FOREIGN = new NodeReply.Silent(NodeReply.Kind.NONSENSE, "it is of another cluster: its system identifier is not the primary's");

    private final ClusterConfig config;
    private final Rooms rooms;
    private final Runnable judge;
    private final Duration timeout;
    private final Optional<Patroni> patroni;
    private final PollErrors errors;
    private final Map<String, WatchedMember> byName = new LinkedHashMap<>();
    private int turn;
    private long followedNanos = System.nanoTime();
    private boolean ended;
    private @Nullable String primary;
    private final SqlListener sql;

    /// Where the members come from, if not from the configuration.
    private record Patroni(PatroniClient client, ClusterDocuments documents, LeaderTerms terms) {}

    /// Hears what PostgreSQLs say.
    interface SqlListener {
        void replied(WatchedMember member, long askedNanos, NodeReply reply);

        /// Where this address leads there is another server than before, or another run of it; its reply comes next.
        void isAnother(NodeAddress node);

        /// An open side connection ended by itself.
        void connectionLost(NodeAddress node);
    }

    /// @param known from before a reload
    /// @param judge called when there is news
    /// @param sql   called before, when it comes from a PostgreSQL
    Members(ClusterConfig config, ClusterKnowledge known, Rooms rooms, PollErrors errors, Runnable judge, SqlListener sql) {
        this.sql = sql;
        this.config = config;
        this.rooms = rooms;
        this.errors = errors;
        this.judge = judge;
        this.timeout = config.patroni().map(PatroniConfig::timeout).orElse(NODES_TIMEOUT);
        this.patroni = config.patroni().map(asked -> patroni(asked, known));
        for (WatchedMember.Known each : known.members()) byName.put(each.evidence().name(), member(each));
        for (NodeAddress node : config.nodes()) byName.computeIfAbsent(node.toString(), name -> member(name, node, Optional.empty()));
    }

    /// For whoever watches the same servers next.
    ClusterKnowledge knowledge(Reign reign, PrimaryWatch watch, boolean contradicted, Strays.Known strays) {
        return new ClusterKnowledge(reign, watch, contradicted, strays, byName.values().stream().map(WatchedMember::known).toList(),
                patroni.map(each -> each.documents.known()).orElse(ClusterDocuments.Known.NOTHING), patroni.map(each -> each.terms.lease()).orElse(LeaderLease.DEFAULT));
    }

    private Patroni patroni(PatroniConfig asked, ClusterKnowledge known) {
        var client = new PatroniClient(timeout, asked.login().map(login -> new PatroniClient.Login(login.user(), login.password().reveal())), rooms.patroniTlsOf().apply(config.name()).context());
        return new Patroni(client, new ClusterDocuments(client, asked.members(), known.documents(), rooms, errors, new DocumentListener()), new LeaderTerms(client, known.lease(), rooms));
    }

    private WatchedMember member(String name, NodeAddress address, Optional<URI> restUrl) {
        return member(WatchedMember.Known.byName(name, address, restUrl, System.nanoTime()));
    }

    private WatchedMember member(WatchedMember.Known known) {
        NodeAddress address = known.evidence().address();
        return new WatchedMember(known, side(address), () -> sql.isAnother(address));
    }

    private SideConnection side(NodeAddress address) {
        return new SideConnection(rooms.loop(), rooms.connector(), address, () -> target(address), timeout, why -> {
            Optional<WatchedMember> member = at(address);
            member.ifPresent(each -> each.lost(System.nanoTime(), why));
            if (member.isPresent()) sql.connectionLost(address);
        });
    }

    private BackendTarget target(NodeAddress address) {
        return target(config, rooms, address, timeout);
    }

    /// The monitor's own login to a server.
    static BackendTarget target(ClusterConfig config, Rooms rooms, NodeAddress address, Duration timeout) {
        MonitorConfig monitor = config.monitor().orElseThrow();
        var startup = new LinkedHashMap<String, String>();
        startup.put("application_name", "pgkeel monitor");
        startup.put("client_encoding", "UTF8");
        startup.put("search_path", "pg_catalog");   // nobody's functions and operators are to stand in for the server's
        return new BackendTarget(address, monitor.database(), monitor.user(), monitor.password().<Credential>map(Credential.Password::new)
                .orElse(new Credential.None()), rooms.tlsOf().apply(config.name()), startup, timeout);
    }

    /// What the first member that can say it knows of the timelines before; empty if nobody can.
    CompletionStage<String> history() {
        CompletionStage<String> found = CompletableFuture.completedFuture("");
        if (patroni.isEmpty()) return found;
        for (WatchedMember member : byName.values()) {
            if (member.restUrl().isEmpty()) continue;
            URI url = member.restUrl().get();
            found = found.thenCompose(known -> known.isEmpty() ? patroni.get().client.history(url).thenApply(answer ->
                    answer instanceof PatroniAnswer.History(var json) ? json : "") : CompletableFuture.completedFuture(known));
        }
        return found;
    }

    void end() {
        ended = true;
        byName.values().forEach(member -> member.side().end());
        byName.clear();
        patroni.ifPresent(each -> each.client.close());
    }

    Collection<WatchedMember> all() {
        return byName.values();
    }

    Optional<WatchedMember> at(NodeAddress address) {
        for (WatchedMember member : byName.values()) if (member.address().equals(address)) return Optional.of(member);
        return Optional.empty();
    }

    Evidence evidence() {
        return new Evidence(patroni.isPresent() ? Evidence.Source.PATRONI : Evidence.Source.NODES,
                byName.values().stream().map(WatchedMember::evidence).toList(), documents());
    }

    private List<Evidence.Document> documents() {
        return patroni.map(each -> each.documents.documents()).orElse(List.of());
    }

    /// What Patroni says of the whole cluster.
    EnumSet<Topology.Flag> flags() {
        var flags = EnumSet.noneOf(Topology.Flag.class);
        if (documents().stream().anyMatch(each -> each.document().paused())) flags.add(Topology.Flag.PAUSED);
        for (WatchedMember member : byName.values()) {
            if (!(member.evidence().rest() instanceof MemberEvidence.Rest.Said(_, var status, _, _))) continue;
            if (status.is(MemberStatus.Mark.FAILSAFE_ACTIVE)) flags.add(Topology.Flag.FAILSAFE);
            if (status.is(MemberStatus.Mark.PAUSED)) flags.add(Topology.Flag.PAUSED);
        }
        return flags;
    }

    Optional<Instant> scheduledSwitchover() {
        return documents().stream().flatMap(each -> each.document().scheduledSwitchover().stream()).findFirst();
    }

    /// Whether the primary's Patroni is silent while others talk: the leader key may move any moment.
    boolean isSilentAmongOthers(@Nullable String primary) {
        WatchedMember member = primary == null ? null : byName.get(primary);
        return member != null && member.isPatroniSilent() && byName.values().stream().anyMatch(other -> other != member && !other.isPatroniSilent());
    }

    /// Whether the primary's Patroni has been silent, while others talk, for so long that its leader key may end any moment.
    boolean leaseMayEnd(@Nullable String name, long nowNanos) {
        WatchedMember member = name == null ? null : byName.get(name);
        if (member == null || !isSilentAmongOthers(name) || member.heardNanos() == Evidence.NEVER) return false;
        return patroni.isPresent() && patroni.get().terms.lease().mayEnd(nowNanos - member.heardNanos());
    }

    /// Whether this member's PostgreSQL did not answer when it was asked last.
    boolean isSqlSilent(@Nullable String name) {
        WatchedMember member = name == null ? null : byName.get(name);
        return member != null && member.evidence().sql() instanceof MemberEvidence.Sql.Said(_, NodeReply.Silent _, _);
    }

    // --- asking

    /// @param restless whether everybody is asked everything
    void ask(@Nullable String primary, boolean restless) {
        this.primary = primary;
        turn++;
        for (WatchedMember member : List.copyOf(byName.values())) {
            askSql(member, false);
            // In doubt everybody is asked whether it leads, and now and then what it may serve as.
            boolean asPrimary = member.name().equals(primary) || restless && turn % 10 != 0;
            askStatus(member, asPrimary ? "primary" : Replica.REPLICA);
        }
        askDocuments(restless || byName.isEmpty());
        patroni.ifPresent(each -> each.terms.ask(byName.values()));
    }

    /// Between two rounds.
    void ask(@Nullable String leader, Set<PollPace.Urgent> urgent) {
        for (PollPace.Urgent each : urgent) {
            switch (each) {
                case WHO_LEADS -> askDocuments(true);
                case WHO_WRITES -> List.copyOf(byName.values()).forEach(member -> askSql(member, false));
                case WHETHER_IT_STOPS -> {
                    WatchedMember member = leader == null ? null : byName.get(leader);
                    if (member != null) askStatus(member, "primary");
                }
            }
        }
    }

    /// It takes writes, and is not believed yet.
    void askWhetherItLeads(WatchedMember member) {
        askStatus(member, "primary");
        askDocuments(true);
    }

    /// What is asked now was asked after the doubt.
    void askAnew(NodeAddress node, Way way) {
        at(node).ifPresent(member -> {
            switch (way) {
                case ANY_CONNECTION -> { }
                case NEW_CONNECTION -> member.side().renew(SideConnection.Renewal.IF_THERE_IS_A_PLACE);
                case NOTHING_BUT_NEW -> member.side().renew(SideConnection.Renewal.AT_ANY_RATE);
            }
            askSql(member, true);
        });
    }

    private void askSql(WatchedMember member, boolean again) {
        if (!member.beginSql(again)) return;
        long asked = System.nanoTime();
        member.probe().ask().whenComplete((said, bug) -> {
            if (bug != null || !isStill(member)) return;
            NodeReply reply = isForeign(member, said) ? FOREIGN : said;
            if (reply instanceof NodeReply.Silent(var kind, _)) errors.sql(member.name(), kind);
            // Whoever was waited for in vain is not left alone until the next round.
            boolean late = reply instanceof NodeReply.Silent(var kind, _) && kind == NodeReply.Kind.TIMEOUT && System.nanoTime() - asked > PollPace.RESTLESS.toNanos();
            if (member.replied(asked, reply) || late) askSql(member, false);
            sql.replied(member, asked, reply);
            judge.run();
        });
    }

    /// Its address is another cluster's by now, or was never this one's: what it replicates, or takes, is not what is written here. A cluster that was made
    /// anew, or upgraded, is another one too: its leader is believed if Patroni names it, and without Patroni when there is no other.
    private boolean isForeign(WatchedMember member, NodeReply said) {
        WatchedMember leads = primary == null ? null : byName.get(primary);
        if (leads == null || leads == member || leads.probe().systemIdentifier().isEmpty() || leads.probe().systemIdentifier().equals(member.probe().systemIdentifier())) return false;
        return switch (said) {
            case NodeReply.Standby _ -> leads.isWritable();
            case NodeReply.Writable _ when patroni.isPresent() -> documents().stream().noneMatch(each -> each.document().leader().filter(leader -> leader.name().equals(member.name())).isPresent());
            case NodeReply.Writable _ -> leads.isWritable();
            case NodeReply.Silent _ -> false;
        };
    }

    /// Only its position, the cheapest question.
    void askPosition(WatchedMember member, ClusterWatch watch) {
        if (!member.beginPosition()) return;
        long asked = System.nanoTime();
        member.side().query(POSITION).whenComplete((rows, failure) -> {
            member.endPosition();
            // Over a new connection somebody else may answer: who that is is to be known first.
            if (failure != null || !isStill(member) || !member.probe().knowsConnection() || rows.size() != 1 || rows.getFirst().size() != 3) return;
            watch.position(member, asked, rows.getFirst());
        });
    }

    private boolean isStill(WatchedMember member) {
        return byName.get(member.name()) == member;
    }

    private void askStatus(WatchedMember member, String endpoint) {
        if (patroni.isEmpty() || member.restUrl().isEmpty() || !member.beginRest()) return;
        long asked = System.nanoTime();
        patroni.get().client.status(member.restUrl().get(), endpoint).whenComplete((answer, bug) -> rooms.execute(() -> {
            if (!isStill(member)) return;
            PatroniAnswer checked = answer instanceof PatroniAnswer.Status(_, var status) && isOfAnother(member.name(), status.name(), status.scope())
                    ? new PatroniAnswer.Failed(PatroniAnswer.Kind.WRONG_MEMBER, "another member, or another cluster") : answer;
            if (checked instanceof PatroniAnswer.Failed(var kind, var text)) errors.rest(member.name(), kind, text);
            member.answered(asked, endpoint, checked);
            judge.run();
        }));
    }

    private boolean isOfAnother(String wantedName, String name, String itsScope) {
        return !name.isEmpty() && !name.equals(wantedName) || patroni.map(each -> each.documents.isOtherScope(itsScope)).orElse(false);
    }

    /// @param all of every member at once; else of one, in turn
    void askDocuments(boolean all) {
        patroni.ifPresent(each -> each.documents.ask(all, turn, byName.values()));
    }

    /// Whether one member's map needs those of the others.
    boolean wantsDocuments() {
        return patroni.map(each -> each.documents.wantsAll()).orElse(false);
    }

    private final class DocumentListener implements ClusterDocuments.Listener {
        @Override
        public boolean isNews(ClusterDocument document) {
            Set<String> names = new HashSet<>();
            for (ClusterDocument.Member member : document.members()) names.add(member.name());
            boolean sameLeader = document.leader().map(leader -> leader.name().equals(primary)).orElse(false);
            return !sameLeader || !names.equals(byName.keySet());
        }

        @Override
        public void changed() {
            follow();
        }

        @Override
        public void roundEnded() {
            judge.run();
        }
    }

    /// Members come, move, get another name, and go.
    private void follow() {
        if (ended) return;   // What had been asked for before is answered now.
        long now = System.nanoTime();
        long passed = now - followedNanos;
        followedNanos = now;
        if (documents().isEmpty()) {
            byName.values().forEach(member -> member.unmappedFor(passed));
            return;
        }
        Set<String> names = new HashSet<>();
        Set<NodeAddress> addresses = new HashSet<>();
        for (Evidence.Document each : documents()) {
            for (ClusterDocument.Member named : each.document().members()) {
                names.add(named.name());
                if (named.address().isEmpty()) continue;
                addresses.add(named.address().get());
                WatchedMember known = byName.get(named.name());
                if (known != null && !known.address().equals(named.address().get())) {
                    known.side().end();
                    known = null;
                }
                if (known == null) {
                    known = member(named.name(), named.address().get(), named.restUrl());
                    byName.put(named.name(), known);
                    askSql(known, false);
                    askStatus(known, "primary");
                }
                known.named(named.restUrl(), named.tags(), now);
            }
        }
        for (WatchedMember member : List.copyOf(byName.values())) {
            // Under two names a server would be one that leads and one that does not.
            boolean renamed = !names.contains(member.name()) && addresses.contains(member.address());
            if (!renamed && (now - member.namedNanos() < FORGET_NANOS || member.isWritable())) continue;
            byName.remove(member.name());
            member.side().end();
        }
    }
}
