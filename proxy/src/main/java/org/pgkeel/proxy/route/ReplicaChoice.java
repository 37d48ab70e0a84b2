package org.pgkeel.proxy.route;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.RouteRule;

/// Which node answers a read. A replica qualifies if it has the rule's role and tags, is within its bounds of lag, and has
/// replayed what the rule's consistency demands; of those that qualify the one with the least work is chosen, and one that
/// failed recently only if there is no other.
///
/// Threading: pure functions.
public final class ReplicaChoice {
    /// Nobody qualifies.
    public static final int NONE = -1;
    private static final String[] ENDPOINTS = endpoints();

    /// Why a node does not qualify.
    public enum Unfit {
        ROLE, TAGS, LAG_BYTES, LAG, FRESHNESS_UNKNOWN, BEHIND_OWN_WRITE, BEHIND_OWN_READ, BEHIND_CLUSTER_WRITE
    }

    private ReplicaChoice() {}

    /// @param clusterWrite when any client was told last that something was committed; [Candidate#UNKNOWN] if never
    /// @param turn         any number that changes from call to call: nodes that are equal take turns by it
    /// @return index of the chosen one, or [#NONE]
    public static int choose(List<Candidate> candidates, RouteRule rule, SessionView session, long clusterWrite, long now, int turn) {
        int best = NONE;
        int count = candidates.size();
        int at = count <= 1 ? 0 : Math.floorMod(turn, count);
        for (int i = 0; i < count; i++, at = at + 1 == count ? 0 : at + 1) {
            Candidate candidate = candidates.get(at);
            if (unfit(candidate, rule, session, clusterWrite, now) == null && (best == NONE || isBetter(candidate, candidates.get(best)))) best = at;
        }
        return best;
    }

    private static boolean isBetter(Candidate one, Candidate other) {
        if (one.recentlyFailed() != other.recentlyFailed()) return other.recentlyFailed();
        return one.outstanding() < other.outstanding();
    }

    /// Why a node does not qualify; nothing if it does.
    public static Optional<Unfit> reason(Candidate candidate, RouteRule rule, SessionView session, long clusterWrite, long now) {
        return Optional.ofNullable(unfit(candidate, rule, session, clusterWrite, now));
    }

    private static @Nullable Unfit unfit(Candidate candidate, RouteRule rule, SessionView session, long clusterWrite, long now) {
        if (candidate.primary()) return rule.to() == RouteRule.To.ANY ? null : Unfit.ROLE;
        if (!candidate.endpoints().contains(ENDPOINTS[rule.role().ordinal()])) return Unfit.ROLE;
        if (!rule.tags().isEmpty() && !hasTags(candidate, rule.tags())) return Unfit.TAGS;
        if (rule.maxLagBytes().isPresent()) {
            if (candidate.lagBytes() == Candidate.UNKNOWN || candidate.lagBytes() > rule.maxLagBytes().getAsLong()) return Unfit.LAG_BYTES;
        }
        long freshAsOf = candidate.freshAsOf();
        if (rule.maxLag().isPresent()) {
            if (freshAsOf == Candidate.UNKNOWN) return Unfit.FRESHNESS_UNKNOWN;
            if (now - freshAsOf > rule.maxLag().get().toNanos()) return Unfit.LAG;
        }
        return switch (rule.consistency()) {
            case EVENTUAL, BOUNDED -> null;
            case SESSION -> {
                if (isBehind(freshAsOf, session.lastWrite())) yield Unfit.BEHIND_OWN_WRITE;
                yield isBehind(freshAsOf, session.lastReadElsewhere(candidate)) ? Unfit.BEHIND_OWN_READ : null;
            }
            case CLUSTER -> {
                if (freshAsOf == Candidate.UNKNOWN) yield Unfit.FRESHNESS_UNKNOWN;
                if (isBehind(freshAsOf, session.lastWrite())) yield Unfit.BEHIND_OWN_WRITE;
                if (isBehind(freshAsOf, session.lastReadElsewhere(candidate))) yield Unfit.BEHIND_OWN_READ;
                yield isBehind(freshAsOf, clusterWrite) ? Unfit.BEHIND_CLUSTER_WRITE : null;
            }
        };
    }

    /// Whether more of the nodes would qualify, or stay qualified, if it was known better how fresh they are. If not, what is learnt whenever the members
    /// are asked who they are is enough.
    public static boolean wantsFreshness(List<Candidate> candidates, RouteRule rule, SessionView session, long now) {
        if (rule.consistency() == RouteRule.Consistency.CLUSTER || rule.maxLagBytes().isPresent()) return true;
        long agedNanos = rule.maxLag().isPresent() ? rule.maxLag().get().toNanos() / 2 : Long.MAX_VALUE;
        boolean bySession = rule.consistency() == RouteRule.Consistency.SESSION;
        if (!bySession && agedNanos == Long.MAX_VALUE) return false;
        for (int i = 0; i < candidates.size(); i++) {
            Candidate candidate = candidates.get(i);
            if (candidate.primary()) continue;
            long freshAsOf = candidate.freshAsOf();
            if (agedNanos != Long.MAX_VALUE && (freshAsOf == Candidate.UNKNOWN || now - freshAsOf > agedNanos)) return true;
            if (bySession && (isBehind(freshAsOf, session.lastWrite()) || isBehind(freshAsOf, session.lastReadElsewhere(candidate)))) return true;
        }
        return false;
    }

    /// Whether something told at a moment may be missing where everything told before another moment is there.
    private static boolean isBehind(long freshAsOf, long told) {
        return told != Candidate.UNKNOWN && (freshAsOf == Candidate.UNKNOWN || freshAsOf - told <= 0);
    }

    private static boolean hasTags(Candidate candidate, Map<String, String> wanted) {
        for (Map.Entry<String, String> tag : wanted.entrySet()) {
            if (!tag.getValue().equals(candidate.tags().get(tag.getKey()))) return false;
        }
        return true;
    }

    /// Patroni's word for each role: `READ_ONLY` is `/read-only`.
    private static String[] endpoints() {
        RouteRule.Role[] roles = RouteRule.Role.values();
        String[] words = new String[roles.length];
        for (RouteRule.Role role : roles) words[role.ordinal()] = role.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return words;
    }
}
