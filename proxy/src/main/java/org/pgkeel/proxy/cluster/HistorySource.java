package org.pgkeel.proxy.cluster;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.pgkeel.failover.outcome.TimelineHistory;
import org.pgkeel.failover.topology.NodeAddress;

/// Where the history of a timeline can be read. Threading: any; must not block.
public interface HistorySource {
    /// @return empty, or failed, where it cannot be had from here, or not yet
    CompletionStage<Optional<TimelineHistory>> history(NodeAddress primary, int timeline);

    /// The primary's own history file, for those who may read it: superusers and `pg_read_server_files`.
    static HistorySource ofFiles(SqlAsker asker) {
        return (primary, timeline) -> asker.ask(primary, OutcomeQuestions.historyFile(timeline))
                .thenApply(rows -> Optional.of(TimelineHistory.ofFile(timeline, rows.getFirst().getFirst())));
    }

    /// One after the other, until one has it.
    static HistorySource firstOf(List<HistorySource> sources) {
        return (primary, timeline) -> {
            CompletionStage<Optional<TimelineHistory>> found = CompletableFuture.completedFuture(Optional.empty());
            for (HistorySource source : sources) {
                found = found.exceptionally(_ -> Optional.empty())
                        .thenCompose(known -> known.isPresent() ? CompletableFuture.completedFuture(known) : source.history(primary, timeline));
            }
            return found.exceptionally(_ -> Optional.empty());
        };
    }
}
