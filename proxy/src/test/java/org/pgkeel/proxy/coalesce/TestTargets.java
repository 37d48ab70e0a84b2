package org.pgkeel.proxy.coalesce;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.insert.InsertTemplates;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Dialect;

/// Where the INSERTs of tests without a server go to: VALUES into the table `t`.
final class TestTargets {
    private TestTargets() {}

    /// One lane, of batches that no test fills.
    static CoalesceRule rule() {
        return new CoalesceRule("", List.of(), Set.of(), Set.of(), 1000, 1 << 20, Duration.ofMillis(1), 1 << 20, 1, CoalesceRule.LanesBy.ARRIVAL, Optional.empty(), Optional.empty(), 20, Duration.ZERO,
                CoalesceRule.AfterRowTriggers.REFUSE, Optional.empty());
    }

    static Target of(Place place, BatchQueue queue, String sql) {
        return new Target(place, queue, Settings.NONE, InsertShape.parse(sql, Dialect.USUAL).orElseThrow(), new TableKnowledge(place, Settings.NONE, "t"),
                Optional.empty(), InsertWay.VALUES, Optional.empty(), new InsertTemplates(), Optional.empty());
    }
}
