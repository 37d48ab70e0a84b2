package org.pgkeel.proxy.cluster;

import java.net.URI;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.patroni.PatroniClient;
import org.pgkeel.failover.watch.Evidence;

/// What members say at `/cluster`: who there is, and who leads. Asked in rounds, see [DocumentRound]: of one member in turn while nothing changes, and of
/// all as soon as one says something new, since one alone is not believed. A document of another cluster does not count.
///
/// Threading: confined to the cluster rooms.
final class ClusterDocuments {
    /// Documents that are waited for count together after this time at the latest.
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    /// Nobody's answer in time does not make those of before untrue at once.
    private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final PatroniClient client;
    private final List<URI> seeds;
    private final Rooms rooms;
    private final PollErrors errors;
    private final Listener listener;
    private List<Evidence.Document> documents;
    private @Nullable DocumentRound round;
    private boolean full;
    private boolean wanted;
    private String scope;
    /// Where it was asked for and has not been answered.
    private final Set<URI> underWay = new HashSet<>();

    /// What members have said. Threading: immutable.
    ///
    /// @param scope the cluster's, empty if it is not known
    record Known(String scope, List<Evidence.Document> documents) {
        static final Known NOTHING = new Known("", List.of());
    }

    /// Whoever knows the members.
    interface Listener {
        /// Whether one member's document says something else than was known.
        boolean isNews(ClusterDocument document);

        /// Other documents count from now on: [#documents].
        void changed();

        /// A round is over, whatever came of it.
        void roundEnded();
    }

    /// @param seeds who is asked when no member is known that talks
    ClusterDocuments(PatroniClient client, List<URI> seeds, Known known, Rooms rooms, PollErrors errors, Listener listener) {
        this.client = client;
        this.seeds = seeds;
        this.rooms = rooms;
        this.errors = errors;
        this.listener = listener;
        this.scope = known.scope;
        this.documents = known.documents;
    }

    Known known() {
        return new Known(scope, documents);
    }

    /// Those that count, of the last round that brought any.
    List<Evidence.Document> documents() {
        return documents;
    }

    /// Whether one member's document needs those of the others.
    boolean wantsAll() {
        return wanted;
    }

    /// Whether a member that calls itself so belongs to another cluster.
    /// @param itsScope empty if it does not say
    boolean isOtherScope(String itsScope) {
        return !itsScope.isEmpty() && !scope.isEmpty() && !itsScope.equals(scope);
    }

    /// @param all  of every member at once; else of one
    /// @param turn picks it
    void ask(boolean all, int turn, Collection<WatchedMember> members) {
        long now = System.nanoTime();
        boolean under = round != null && !round.isComplete() && now - round.askedNanos() < ROUND_NANOS;
        if (under && (full || !all)) return;
        wanted = false;
        var targets = new LinkedHashMap<URI, Boolean>();
        for (WatchedMember member : members) member.restUrl().ifPresent(url -> targets.put(url, !member.isPatroniSilent()));
        if (!targets.containsValue(true)) seeds.forEach(seed -> targets.putIfAbsent(seed, true));
        List<URI> talking = targets.entrySet().stream().filter(Map.Entry::getValue).map(Map.Entry::getKey).toList();
        full = all || talking.isEmpty();
        if (!full) targets.keySet().retainAll(List.of(talking.get(turn % talking.size())));
        targets.keySet().removeAll(underWay);
        if (targets.isEmpty()) return;
        underWay.addAll(targets.keySet());
        var mine = new DocumentRound(now, (int) targets.values().stream().filter(awaited -> awaited).count());
        round = mine;
        targets.forEach((url, awaited) -> client.cluster(url).whenComplete((answer, bug) -> rooms.execute(() -> answered(mine, url, answer, awaited))));
        if (full) rooms.loop().schedule(() -> settle(mine, true), ROUND_NANOS, TimeUnit.NANOSECONDS);
    }

    private void answered(DocumentRound mine, URI url, PatroniAnswer answer, boolean awaited) {
        underWay.remove(url);
        if (awaited) mine.answered();
        switch (answer) {
            case PatroniAnswer.Map(var map) when scope.isEmpty() || map.scope().isEmpty() || map.scope().equals(scope) -> {
                if (scope.isEmpty()) scope = map.scope();
                // Whoever takes longer than a round counts in the one that goes on now.
                boolean young = System.nanoTime() - mine.askedNanos() < KEPT_NANOS;
                if (round != null && (mine == round || young)) round.said(mine.askedNanos(), map);
            }
            case PatroniAnswer.Map _ -> errors.rest(url.getAuthority(), PatroniAnswer.Kind.WRONG_MEMBER, "another cluster");
            case PatroniAnswer.Failed(var kind, var text) -> errors.rest(url.getAuthority(), kind, text);
            case PatroniAnswer.Status _, PatroniAnswer.Settings _, PatroniAnswer.History _ -> throw new IllegalStateException("a status where a map was asked for");
        }
        if (round != null) settle(round, false);
    }

    /// The documents of a round count when all have answered that were waited for, or have had their time.
    private void settle(DocumentRound mine, boolean late) {
        if (mine != round || !mine.isComplete() && !late) return;
        boolean empty = mine.documents().isEmpty();
        if (!full && (empty || mine.documents().stream().anyMatch(each -> listener.isNews(each.document())))) {
            wanted = true;
        } else if (!empty || documents.isEmpty() || System.nanoTime() - documents.getFirst().askedNanos() > KEPT_NANOS) {
            documents = List.copyOf(mine.documents());
            listener.changed();
        }
        listener.roundEnded();
    }
}
