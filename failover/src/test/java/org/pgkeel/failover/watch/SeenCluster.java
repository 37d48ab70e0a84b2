package org.pgkeel.failover.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.MemberEvidence.Rest;

/// What a [Judge] sees of three members, in the words of its tests: n1 is primary on timeline 3 unless a test says otherwise; it was found at second 0, and all that
/// is said was asked at second 100.
final class SeenCluster {
    static final long ASKED = seconds(100);
    static final Primary N1 = primary("n1", 3);

    final Map<String, MemberEvidence> members = new LinkedHashMap<>();
    final List<Evidence.Document> documents = new ArrayList<>();
    Optional<PrimaryWatch.Known> incumbent = Optional.of(new PrimaryWatch.Known(N1, 0));
    int timelineUsed = 3;
    long notBefore = Evidence.NEVER;
    long namedSince = Evidence.NEVER;
    boolean contradicted;
    Judge.Regression regression = Judge.Regression.HOLD;
    Evidence.Source source = Evidence.Source.PATRONI;

    SeenCluster() {
        leads("n1", 3);
        follows("n2", 3);
        follows("n3", 3);
        document("n1");
    }

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    static NodeAddress address(String name) {
        return new NodeAddress("db-" + name, 5432);
    }

    static Lifetime life(String name) {
        return new Lifetime("start of " + name, "reset of " + name);
    }

    static Primary primary(String name, int timeline) {
        return new Primary(name, address(name), timeline, life(name));
    }

    MemberEvidence member(String name) {
        return members.computeIfAbsent(name, each -> MemberEvidence.of(each, address(each)));
    }

    void sql(String name, NodeReply reply) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(ASKED, reply, 1)));
    }

    void writable(String name, int timeline) {
        sql(name, new NodeReply.Writable(timeline, life(name), new Lsn(1000)));
    }

    void writableAt(String name, long askedNanos) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(askedNanos, new NodeReply.Writable(3, life(name), new Lsn(1000)), 1)));
    }

    void standby(String name, int timeline) {
        sql(name, new NodeReply.Standby(timeline, life(name), Optional.of(new Lsn(1000))));
    }

    void silent(String name, NodeReply.Kind kind, int inARow) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(ASKED, new NodeReply.Silent(kind, "nothing"), inARow)));
    }

    void rest(String name, int code, State state, Role role, Mark... marks) {
        Set<Mark> all = marks.length == 0 ? Set.of() : EnumSet.copyOf(List.of(marks));
        members.put(name, member(name).with(new Rest.Said(ASKED, new MemberStatus(name, "demo", state, role, 3, Lsn.ZERO, all, Map.of()), code == 200, Set.of())));
    }

    void restSilent(String name, PatroniAnswer.Kind kind) {
        members.put(name, member(name).with(new Rest.Silent(ASKED, kind, seconds(90))));
    }

    void leads(String name, int timeline) {
        writable(name, timeline);
        rest(name, 200, State.RUNNING, Role.PRIMARY);
    }

    void follows(String name, int timeline) {
        standby(name, timeline);
        rest(name, 503, State.RUNNING, Role.REPLICA);
    }

    void document(String leader) {
        document(leader, false, Optional.empty());
    }

    /// @param leader `-` for nobody
    void document(String leader, boolean paused, Optional<Instant> switchover) {
        documents.clear();
        another(leader, paused, switchover);
    }

    void another(String leader, boolean paused, Optional<Instant> switchover) {
        List<ClusterDocument.Member> all = List.of("n1", "n2", "n3").stream().map(name -> new ClusterDocument.Member(name,
                name.equals(leader) ? ClusterDocument.Role.LEADER : ClusterDocument.Role.REPLICA, Optional.of(address(name)), Optional.empty(), 3, Map.of())).toList();
        documents.add(new Evidence.Document(ASKED, new ClusterDocument("demo", all, paused, switchover)));
    }

    Judge.Judgement judgement() {
        return Judge.judge(new Judge.Case(new Evidence(source, List.copyOf(members.values()), documents), incumbent, timelineUsed, notBefore, namedSince, contradicted, regression));
    }

    Verdict verdict() {
        return judgement().verdict();
    }

    List<Alarm.Kind> alarms() {
        return judgement().alarms().stream().map(Alarm::kind).toList();
    }

    void nobodyYet() {
        incumbent = Optional.empty();
        timelineUsed = 0;
    }
}
