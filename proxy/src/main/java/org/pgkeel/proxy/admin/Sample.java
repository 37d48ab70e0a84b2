package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.OutcomeSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// What metrics and the status page are made of, read at about one moment.
record Sample(List<PoolSnapshot> pools, List<StatsSnapshot> stats, LoopSnapshot counters, ProxySnapshot proxy, List<OutcomeSnapshot> outcomes,
              List<ClusterSnapshot> clusters, List<HoldSnapshot> holds, List<CoalesceSnapshot> coalesced) {

    static CompletionStage<Sample> take(Operations operations) {
        record Rates(List<StatsSnapshot> stats, LoopSnapshot counters) {}
        var rates = operations.stats().thenCombine(operations.counters(), Rates::new);
        record Levels(List<PoolSnapshot> pools, ProxySnapshot proxy) {}
        var levels = operations.pools().thenCombine(operations.proxy(), Levels::new);
        record Both(Levels level, Rates rate) {}
        record Watched(List<ClusterSnapshot> clusters, List<HoldSnapshot> holds, List<OutcomeSnapshot> outcomes, List<CoalesceSnapshot> coalesced) {}
        var watched = operations.clusters().thenCombine(operations.holds(), (clusters, holds) -> new Watched(clusters, holds, List.of(), List.of()))
                .thenCombine(operations.outcomes(), (found, outcomes) -> new Watched(found.clusters, found.holds, outcomes, List.of()))
                .thenCombine(operations.coalesced(), (found, coalesced) -> new Watched(found.clusters, found.holds, found.outcomes, coalesced));
        return levels.thenCombine(rates, Both::new).thenCombine(watched, (both, found) ->
                new Sample(both.level.pools, both.rate.stats, both.rate.counters, both.level.proxy, found.outcomes, found.clusters, found.holds, found.coalesced));
    }
}
