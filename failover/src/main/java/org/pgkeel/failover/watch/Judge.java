package org.pgkeel.failover.watch;

import static org.pgkeel.failover.topology.Alarm.Kind.PATRONI_SILENT;
import static org.pgkeel.failover.topology.Alarm.Kind.TIMELINE_WENT_BACK;
import static org.pgkeel.failover.topology.Alarm.Kind.TWO_PRIMARIES;
import static org.pgkeel.failover.topology.Alarm.Kind.TWO_PRIMARIES_ON_ONE_TIMELINE;
import static org.pgkeel.failover.topology.Alarm.Kind.UNKNOWN_PRIMARY;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.MemberEvidence.Rest;
import org.pgkeel.failover.watch.MemberEvidence.Sql;

/// The rules by which a primary is believed. Every source can be wrong, so none is believed alone:
///
/// - A server is a *candidate* if it says itself that it is not in recovery, and Patroni backs it: its own body (running; role primary,
///   or `/primary` is 200), or the leader key in `/cluster`. The role alone is not enough beside another one that has the key and is well: Patroni calls every
///   server that is not in recovery a primary, one that somebody promoted by hand, too. Without Patroni the first is enough, once all have answered or
///   are late.
/// - Who is primary already stays it as long as PostgreSQL says the same timeline and lifetime, and nobody *contradicts*. Silence of
///   Patroni is no contradiction, and neither is a plan: who is to be replaced at a certain time serves until it is being stopped.
/// - A server that is full (`53300`) says that it lives and lets clients in, which one that starts or stops does not. Who was primary stays it.
/// - The highest timeline wins. Two candidates on it: nobody. A candidate below a timeline that was used before: nobody, unless the rule
///   or an operator says to follow.
///
/// Threading: pure.
public final class Judge {
    /// Patroni may say what was before a promotion for so long after it. No leader key is lost in that time: whoever was promoted took it a
    /// moment before, and it lasts for a ttl (5 s at the very least). One who is stopped, demoted or dead is noticed all the same.
    static final Duration PROMOTION_LAG = Duration.ofSeconds(2);
    /// One question without an answer is not worth a hold, two are.
    private static final int TIMEOUTS_MAX = 1;

    /// @param incumbent      who is primary, or was it last
    /// @param timelineUsed   the highest that was followed; 0 if none
    /// @param notBeforeNanos what was asked earlier says nothing for the incumbent
    /// @param namedSinceNanos as long as the incumbent's [LeaderLease] may end: what was asked earlier does not say that it is the leader;
    ///                        [Evidence#NEVER] else
    /// @param contradicted   somebody has said since that it is the primary no more: only a word for it brings it back, not that nobody speaks
    /// @param regression     whether a lower timeline may be followed
    public record Case(Evidence evidence, Optional<PrimaryWatch.Known> incumbent, int timelineUsed, long notBeforeNanos, long namedSinceNanos, boolean contradicted, Regression regression) {}

    public enum Regression { HOLD, FOLLOW }

    /// @param deposed Patroni says that the incumbent is the primary no more, whether that can be heard or not
    public record Judgement(Verdict verdict, List<Alarm> alarms, boolean deposed) {}

    private record Candidate(MemberEvidence member, NodeReply.Writable reply) {
        Primary primary() {
            return new Primary(member.name(), member.address(), reply.timeline(), reply.lifetime());
        }

        String text() {
            return member.name() + " (" + member.address() + ", timeline " + reply.timeline() + ")";
        }
    }

    private record Objection(Kind kind, String text) {
        enum Kind { LEAVING, DEPOSED }
    }

    private final Case given;
    private final Evidence evidence;
    private final List<Alarm> alarms = new ArrayList<>();
    private boolean deposed;

    private Judge(Case given) {
        this.given = given;
        this.evidence = given.evidence;
    }

    public static Judgement judge(Case given) {
        var judge = new Judge(given);
        Verdict verdict = judge.verdict();
        return new Judgement(verdict, List.copyOf(judge.alarms), judge.deposed);
    }

    private Verdict verdict() {
        List<Candidate> writable = writable();
        alarmAboutPatroni();
        Optional<MemberEvidence> incumbent = given.incumbent.flatMap(known -> evidence.member(known.primary().name()));
        Optional<Candidate> incumbentWrites = writable.stream().filter(this::isIncumbent).findFirst();
        Optional<Objection> objection = incumbent.flatMap(this::objection);
        deposed = objection.filter(each -> each.kind == Objection.Kind.DEPOSED).isPresent();
        var backed = new ArrayList<Candidate>();
        for (Candidate each : writable) {
            if (isIncumbent(each) ? objection.isEmpty() && (!given.contradicted || isConfirmed(each.member)) : isBacked(each)) backed.add(each);
        }
        alarmAboutOthers(writable, backed);
        int highest = backed.stream().mapToInt(each -> each.reply.timeline()).max().orElse(0);
        List<Candidate> top = backed.stream().filter(each -> each.reply.timeline() == highest).toList();
        boolean waiting = incumbent.isPresent() && incumbentWrites.isEmpty() && objection.isEmpty() && isUndecided(incumbent.get());
        if (waiting && highest <= given.timelineUsed) return isFull(incumbent.get()) ? new Verdict.Lives() : new Verdict.Undecided();
        if (top.isEmpty() && given.contradicted && incumbentWrites.isPresent() && objection.isEmpty()) return new Verdict.Undecided();
        if (top.isEmpty()) return nobody(incumbent, incumbentWrites, objection);
        if (mayBeOutdone()) return new Verdict.Undecided();
        if (top.size() > 1) return blocked(TWO_PRIMARIES_ON_ONE_TIMELINE, "two primaries on one timeline: " + texts(top));
        if (highest < given.timelineUsed && given.regression == Regression.HOLD) {
            return blocked(TIMELINE_WENT_BACK, "the timeline went back from " + given.timelineUsed + " to " + highest + ": " + top.getFirst().text()
                    + " is leader, and what was acknowledged on the higher timeline is not there");
        }
        return new Verdict.Serves(top.getFirst().primary());
    }

    /// Without Patroni who was replaced and takes writes still is told from the primary only by what the others say. No answer in time is one.
    private boolean mayBeOutdone() {
        return evidence.source() == Evidence.Source.NODES && evidence.members().stream().anyMatch(each -> each.sql() instanceof Sql.NotAsked);
    }

    private Verdict nobody(Optional<MemberEvidence> incumbent, Optional<Candidate> writes, Optional<Objection> objection) {
        boolean mayAnswer = writes.isPresent() || incumbent.filter(each -> isUndecided(each) || deposed && mayLive(each.sql())).isPresent();
        if (objection.isPresent() && mayAnswer) {
            return switch (objection.get().kind) {
                case LEAVING -> new Verdict.Leaving(objection.get().text);
                case DEPOSED -> new Verdict.Deposed(objection.get().text);
            };
        }
        if (incumbent.isEmpty()) {
            return new Verdict.Gone(given.incumbent.isEmpty() ? "no primary has been found yet" : "primary " + given.incumbent.get().primary().name() + " is not a member any more");
        }
        return new Verdict.Gone("primary " + incumbent.get().name() + " (" + incumbent.get().address() + ") " + switch (incumbent.get().sql()) {
            case Sql.NotAsked _ -> "cannot be asked";
            case Sql.Said(_, NodeReply.Silent(_, var text), _) -> "does not answer: " + text;
            case Sql.Said(_, NodeReply.Standby _, _) -> "is in recovery";
            case Sql.Said(_, NodeReply.Writable _, _) -> objection.map(Objection::text).orElse("is another server than before, and Patroni does not call it the leader");
        });
    }

    private Verdict blocked(Alarm.Kind kind, String text) {
        var alarm = new Alarm(kind, text);
        alarms.add(alarm);
        return new Verdict.Blocked(alarm);
    }

    /// Servers that say that they take writes. The same server under two addresses is one.
    private List<Candidate> writable() {
        var all = new ArrayList<Candidate>();
        for (MemberEvidence member : evidence.members()) {
            if (!(member.sql() instanceof Sql.Said(var asked, NodeReply.Writable reply, _))) continue;
            var candidate = new Candidate(member, reply);
            if (isIncumbent(candidate) && asked < given.notBeforeNanos) continue;
            if (all.stream().noneMatch(other -> other.reply.lifetime().equals(reply.lifetime()))) all.add(candidate);
        }
        all.sort(Comparator.comparing((Candidate each) -> each.reply.timeline()).reversed());
        return all;
    }

    private boolean isIncumbent(Candidate candidate) {
        return given.incumbent.isPresent() && given.incumbent.get().primary().equals(candidate.primary());
    }

    /// Whether the incumbent's silence may be short.
    private boolean isUndecided(MemberEvidence incumbent) {
        return switch (incumbent.sql()) {
            case Sql.NotAsked _ -> true;
            case Sql.Said(var asked, NodeReply.Writable _, _) -> asked < given.notBeforeNanos;
            case Sql.Said(var asked, NodeReply.Standby _, _) -> asked < given.notBeforeNanos;
            case Sql.Said(var asked, NodeReply.Silent(var kind, _), var inARow) -> asked < given.notBeforeNanos || switch (kind) {
                case TIMEOUT -> inARow <= TIMEOUTS_MAX;
                // Not silence: each such answer is a sign of life.
                case FULL -> true;
                // A login that is not accepted says nothing of the server: the next connection may be let in.
                case DENIED, LOST, REFUSED, NONSENSE -> false;
            };
        };
    }

    /// Whether sessions may go on there though no question is answered. Where connections end or are refused they do not.
    private static boolean mayLive(Sql sql) {
        return sql instanceof Sql.Said(_, NodeReply.Silent(var kind, _), _) && switch (kind) {
            case TIMEOUT, FULL, DENIED, NONSENSE -> true;
            case LOST, REFUSED -> false;
        };
    }

    private boolean isFull(MemberEvidence incumbent) {
        return incumbent.sql() instanceof Sql.Said(var asked, NodeReply.Silent(var kind, _), _) && kind == NodeReply.Kind.FULL && asked >= given.notBeforeNanos;
    }

    /// Whether Patroni says that somebody else than the incumbent should be primary.
    private boolean isBacked(Candidate candidate) {
        if (evidence.source() == Evidence.Source.NODES) return true;
        String name = candidate.member.name();
        boolean named = evidence.isNamedLeader(name, Evidence.NEVER);
        boolean own = candidate.member.rest() instanceof Rest.Said(_, var status, var leads, _)
                && status.state() == MemberStatus.State.RUNNING && (leads || status.role() == MemberStatus.Role.PRIMARY && !anotherLeads(name));
        boolean leaving = candidate.member.rest() instanceof Rest.Said(_, var status, _, _) && status.state() == MemberStatus.State.STOPPING;
        if (leaving) return false;
        // Promotion makes a new timeline, so on an old one its own word is not enough: it may be a zombie.
        if (candidate.reply.timeline() > given.timelineUsed) return named || own;
        return named || own && evidence.documents().isEmpty() || own && evidence.isPaused();
    }

    /// Whether a document names another member that is well, as far as is known: a failover leaves no such leader.
    private boolean anotherLeads(String name) {
        return evidence.members().stream().anyMatch(each -> !each.name().equals(name) && evidence.isNamedLeader(each.name(), Evidence.NEVER) && mayRun(each) && mayWrite(each.sql()));
    }

    private static boolean mayRun(MemberEvidence leader) {
        return switch (leader.rest()) {
            case Rest.NotAsked _ -> true;
            case Rest.Said(_, var status, _, _) -> status.state() == MemberStatus.State.RUNNING && status.role() != MemberStatus.Role.DEMOTED;
            // Its Patroni is late, or starts anew: others call it the leader still, and it takes writes.
            case Rest.Silent _ -> leader.sql() instanceof Sql.Said(_, NodeReply.Writable _, _);
        };
    }

    private static boolean mayWrite(Sql sql) {
        return switch (sql) {
            case Sql.NotAsked _, Sql.Said(_, NodeReply.Writable _, _) -> true;
            case Sql.Said(_, NodeReply.Standby _, _) -> false;
            case Sql.Said(_, NodeReply.Silent(var kind, _), var inARow) -> switch (kind) {
                case FULL -> true;
                // One that is late once, or whose open connection has ended, is asked again at once.
                case TIMEOUT, LOST -> inARow <= 1;
                case REFUSED, DENIED, NONSENSE -> false;
            };
        };
    }

    /// Whether Patroni says, since the incumbent was contradicted, that it is the primary after all.
    private boolean isConfirmed(MemberEvidence incumbent) {
        if (evidence.isNamedLeader(incumbent.name(), given.notBeforeNanos)) return true;
        return incumbent.rest() instanceof Rest.Said(var asked, var status, var leads, _) && asked >= given.notBeforeNanos && leads
                && status.state() == MemberStatus.State.RUNNING && (status.is(Mark.FAILSAFE_ACTIVE) || status.is(Mark.PAUSED));
    }

    /// What speaks against the incumbent, though it may take writes.
    private Optional<Objection> objection(MemberEvidence member) {
        if (evidence.source() == Evidence.Source.NODES) return Optional.empty();
        long settled = given.incumbent.orElseThrow().sinceNanos() + PROMOTION_LAG.toNanos();
        String name = member.name();
        boolean named = evidence.isNamedLeader(name, Evidence.NEVER);
        if (member.rest() instanceof Rest.Said(var asked, var status, var leads, _)) {
            if (status.state() == MemberStatus.State.STOPPING) return leaving("Patroni is stopping " + name);
            if (status.role() == MemberStatus.Role.DEMOTED) return deposed("Patroni has demoted " + name);
            boolean goesOn = status.is(Mark.PAUSED) || status.is(Mark.FAILSAFE_ACTIVE) || named;
            if (leads && status.is(Mark.CLUSTER_UNLOCKED) && !goesOn && asked >= settled) return leaving("the leader key of " + name + " is lost");
            if (status.is(Mark.FAILSAFE_ACTIVE)) return Optional.empty();
        }
        boolean mayBeNamed = named || evidence.documents().isEmpty();
        if (mayBeNamed && given.namedSinceNanos != Evidence.NEVER && !evidence.isNamedLeader(name, given.namedSinceNanos)) {
            return leaving("the Patroni of " + name + " is silent, its lease may have ended, and nobody confirms just now that it is the leader");
        }
        return named ? Optional.empty() : elsewhere(name, settled);
    }

    /// Nobody names the incumbent, and somebody can tell.
    private Optional<Objection> elsewhere(String name, long settled) {
        List<Evidence.Document> fresh = evidence.documents().stream().filter(each -> each.askedNanos() >= settled).toList();
        for (Evidence.Document each : fresh) {
            Optional<ClusterDocument.Member> leader = each.document().leader();
            if (leader.isPresent()) return deposed("the leader key is " + leader.get().name() + "'s, not " + name + "'s");
        }
        if (!fresh.isEmpty() && !evidence.isPaused()) return deposed("nobody holds the leader key, " + name + " does not any more");
        return Optional.empty();
    }

    private static Optional<Objection> leaving(String text) {
        return Optional.of(new Objection(Objection.Kind.LEAVING, text));
    }

    private static Optional<Objection> deposed(String text) {
        return Optional.of(new Objection(Objection.Kind.DEPOSED, text));
    }

    private void alarmAboutPatroni() {
        if (evidence.source() == Evidence.Source.NODES || evidence.members().isEmpty()) return;
        if (evidence.members().stream().allMatch(each -> each.rest() instanceof Rest.Silent)) {
            alarms.add(new Alarm(PATRONI_SILENT, "no member's REST API answers; only PostgreSQL is asked"));
        }
    }

    private void alarmAboutOthers(List<Candidate> writable, List<Candidate> backed) {
        if (writable.size() > 1) {
            alarms.add(new Alarm(TWO_PRIMARIES, writable.size() + " servers take writes: " + texts(writable)));
        }
        for (Candidate each : writable) {
            if (!backed.contains(each) && !isIncumbent(each) && each.reply.timeline() >= given.timelineUsed) {
                alarms.add(new Alarm(UNKNOWN_PRIMARY, each.text() + " takes writes, and Patroni does not call it the leader"));
            }
        }
    }

    private static String texts(List<Candidate> candidates) {
        return String.join(", ", candidates.stream().map(Candidate::text).toList());
    }
}
