package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// What metrics and the status page are made of, read at about one moment.
record Sample(List<PoolSnapshot> pools, List<StatsSnapshot> stats, LoopSnapshot counters, ProxySnapshot proxy) {

    static CompletionStage<Sample> take(Operations operations) {
        record Rates(List<StatsSnapshot> stats, LoopSnapshot counters) {}
        var rates = operations.stats().thenCombine(operations.counters(), Rates::new);
        record Levels(List<PoolSnapshot> pools, ProxySnapshot proxy) {}
        var levels = operations.pools().thenCombine(operations.proxy(), Levels::new);
        return levels.thenCombine(rates, (level, rate) -> new Sample(level.pools, rate.stats, rate.counters, level.proxy));
    }
}
