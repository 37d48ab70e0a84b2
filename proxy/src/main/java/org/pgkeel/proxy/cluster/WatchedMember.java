package org.pgkeel.proxy.cluster;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.watch.Evidence;
import org.pgkeel.failover.watch.MemberEvidence;

/// One member of a watched cluster: how it is asked, and what it said. Threading: confined to the cluster rooms.
final class WatchedMember {
    private enum Asking { NO, YES, YES_AND_AGAIN }

    private final SideConnection side;
    private final SqlProbe probe;
    private Asking sql = Asking.NO;
    private boolean restUnderWay;
    private boolean positionUnderWay;
    private MemberEvidence evidence;
    private @Nullable URI restUrl;
    private Map<String, String> tags;
    private Set<String> endpoints;
    private int patroniTimeline;
    /// When `/cluster` named it last, later by the time in which nobody had a map.
    private long namedNanos;

    /// All that is known of it. Threading: immutable.
    record Known(MemberEvidence evidence, SqlProbe.Answered answered, Optional<URI> restUrl, Map<String, String> tags, Set<String> endpoints, int patroniTimeline, long namedNanos) {
        /// Before it was asked anything.
        static Known byName(String name, NodeAddress address, Optional<URI> restUrl, long nowNanos) {
            return new Known(MemberEvidence.of(name, address), SqlProbe.Answered.NOBODY, restUrl, Map.of(), restUrl.isPresent() ? Set.of() : Set.of(Replica.REPLICA, Replica.READ_ONLY), 0, nowNanos);
        }
    }

    /// @param another called ahead of an answer of another server than before
    WatchedMember(Known known, SideConnection side, Runnable another) {
        this.evidence = known.evidence;
        this.side = side;
        this.probe = new SqlProbe(side, known.answered, another);
        this.restUrl = known.restUrl.orElse(null);
        this.tags = known.tags;
        this.endpoints = known.endpoints;
        this.patroniTimeline = known.patroniTimeline;
        this.namedNanos = known.namedNanos;
    }

    Known known() {
        return new Known(evidence, probe.answered(), restUrl(), tags, endpoints, patroniTimeline, namedNanos);
    }

    String name() {
        return evidence.name();
    }

    NodeAddress address() {
        return evidence.address();
    }

    SideConnection side() {
        return side;
    }

    SqlProbe probe() {
        return probe;
    }

    MemberEvidence evidence() {
        return evidence;
    }

    Optional<URI> restUrl() {
        return Optional.ofNullable(restUrl);
    }

    void named(Optional<URI> url, Map<String, String> documentTags, long nowNanos) {
        url.ifPresent(given -> restUrl = given);
        if (!documentTags.isEmpty()) tags = documentTags;
        namedNanos = nowNanos;
    }

    /// Nobody said who there is.
    void unmappedFor(long nanos) {
        namedNanos += nanos;
    }

    long namedNanos() {
        return namedNanos;
    }

    // --- SQL

    /// @return whether it may be asked now; if not, and `again`, it will be as soon as the question under way has ended
    boolean beginSql(boolean again) {
        if (sql == Asking.NO) {
            sql = Asking.YES;
            return true;
        }
        if (again) sql = Asking.YES_AND_AGAIN;
        return false;
    }

    /// @return whether it is to be asked again at once
    boolean replied(long askedNanos, NodeReply reply) {
        evidence = evidence.replied(askedNanos, reply);
        boolean again = sql == Asking.YES_AND_AGAIN;
        sql = Asking.NO;
        return again;
    }

    /// The connection was lost between two questions.
    void lost(long nowNanos, SideFailure why) {
        evidence = evidence.replied(nowNanos, new NodeReply.Silent(why.kind(), why.getMessage()));
    }

    boolean beginPosition() {
        if (positionUnderWay) return false;
        positionUnderWay = true;
        return true;
    }

    void endPosition() {
        positionUnderWay = false;
    }

    // --- Patroni

    boolean beginRest() {
        if (restUnderWay) return false;
        restUnderWay = true;
        return true;
    }

    void answered(long askedNanos, String endpoint, PatroniAnswer answer) {
        restUnderWay = false;
        evidence = evidence.with(switch (answer) {
            case PatroniAnswer.Status(var code, var status) -> said(askedNanos, endpoint, code == 200, status);
            case PatroniAnswer.Failed(var kind, _) -> new MemberEvidence.Rest.Silent(askedNanos, kind, heardNanos());
            case PatroniAnswer.Map _, PatroniAnswer.Settings _, PatroniAnswer.History _ -> throw new IllegalStateException("a map where a status was asked for");
        });
    }

    private MemberEvidence.Rest said(long askedNanos, String endpoint, boolean ok, MemberStatus status) {
        if (!status.tags().isEmpty()) tags = status.tags();
        patroniTimeline = status.timeline();
        if (endpoint.equals(Replica.REPLICA)) endpoints = ok ? endpoints(status) : Set.of();
        return new MemberEvidence.Rest.Said(askedNanos, status, ok && endpoint.equals("primary"), endpoints);
    }

    /// What follows from a 200 of `/replica`; the other endpoints look at the same and at these marks.
    private static Set<String> endpoints(MemberStatus status) {
        if (status.is(MemberStatus.Mark.QUORUM)) return Set.of(Replica.REPLICA, Replica.READ_ONLY, Replica.QUORUM);
        return Set.of(Replica.REPLICA, Replica.READ_ONLY, status.is(MemberStatus.Mark.SYNCHRONOUS) ? Replica.SYNCHRONOUS : Replica.ASYNCHRONOUS);
    }

    /// When its Patroni was asked what it answered last; [Evidence#NEVER] if it never did.
    long heardNanos() {
        return switch (evidence.rest()) {
            case MemberEvidence.Rest.NotAsked _ -> Evidence.NEVER;
            case MemberEvidence.Rest.Said(var asked, _, _, _) -> asked;
            case MemberEvidence.Rest.Silent(_, _, var heard) -> heard;
        };
    }

    // --- what it is to others

    boolean isWritable() {
        return evidence.sql() instanceof MemberEvidence.Sql.Said(_, NodeReply.Writable _, _);
    }

    boolean isPatroniSilent() {
        return evidence.rest() instanceof MemberEvidence.Rest.Silent;
    }

    /// As a replica, if its PostgreSQL said lately that it is one.
    Optional<Replica> replica() {
        if (!(evidence.sql() instanceof MemberEvidence.Sql.Said(_, NodeReply.Standby(var timeline, _, var replayed), _))) return Optional.empty();
        return Optional.of(new Replica(name(), address(), Math.max(timeline, patroniTimeline), endpoints, tags, replayed));
    }
}
