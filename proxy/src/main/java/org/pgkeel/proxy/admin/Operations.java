package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.ConfigEntry;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.DnsHost;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.OutcomeSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.RouteSnapshot;
import org.pgkeel.proxy.observe.ServerSnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;

/// What an operator can see and do. Implemented by the proxy, and by a fake in tests.
///
/// Threading: every method may be called on any thread and returns at once; what it returns completes on any thread.
/// A stage that completes exceptionally is a bug of the implementation, and is reported as `XX000`.
public interface Operations {
    /// All pools, the slices of all event loops added up.
    CompletionStage<List<PoolSnapshot>> pools();

    /// All client connections; the console's own included.
    CompletionStage<List<ClientSnapshot>> clients();

    CompletionStage<List<ServerSnapshot>> servers();

    CompletionStage<List<DatabaseSnapshot>> databases();

    CompletionStage<List<UserSnapshot>> users();

    /// Counters since the start, one element per (database, user).
    CompletionStage<List<StatsSnapshot>> stats();

    /// What all event loops have counted beside pools, added up.
    CompletionStage<LoopSnapshot> counters();

    /// Every configured cluster, as it was seen last.
    CompletionStage<List<ClusterSnapshot>> clusters();

    /// Who waits for a primary, one for each cluster.
    CompletionStage<List<HoldSnapshot>> holds();

    /// One for each cluster whose primary is watched.
    CompletionStage<List<OutcomeSnapshot>> outcomes();

    /// The tables whose rows shared commits, over all event loops.
    CompletionStage<List<CoalesceSnapshot>> coalesced();

    /// The tables that INSERTs went into in the last minute, the most frequented first.
    CompletionStage<List<InsertTally>> insertTallies();

    /// The rules of `routing` in their order, then what none of them decided; empty without rules.
    CompletionStage<List<RouteSnapshot>> routes();

    CompletionStage<List<ConfigEntry>> config();

    CompletionStage<List<MemoryEntry>> memory();

    CompletionStage<List<DnsHost>> dnsHosts();

    CompletionStage<ProxySnapshot> proxy();

    /// Whether a load balancer should send clients here.
    CompletionStage<Readiness> readiness();

    /// Completes when every event loop has run a task: a loop that is stuck keeps it from completing.
    CompletionStage<?> eventLoopsAnswer();

    /// Closes backend connections as they are released and opens none. Done when all are closed.
    /// @param database one, or all when empty
    CompletionStage<Outcome> pause(Optional<String> database);

    /// Undoes `pause` and `kill`.
    CompletionStage<Outcome> resume(Optional<String> database);

    /// Refuses new clients of a database.
    CompletionStage<Outcome> disable(String database);

    CompletionStage<Outcome> enable(String database);

    /// Marks backend connections to be closed when they are released.
    CompletionStage<Outcome> reconnect(Optional<String> database);

    /// Drops all client and backend connections at once and pauses the database.
    CompletionStage<Outcome> kill(Optional<String> database);

    /// Drops one client.
    /// @param clientId as in [ClientSnapshot#id()]
    CompletionStage<Outcome> killClient(long clientId);

    /// Reads the configuration again. [Outcome.Failed] holds all its problems, and nothing has changed then.
    CompletionStage<Outcome> reload();

    /// Starts the shutdown. Done when it has started, not when it has ended.
    CompletionStage<Outcome> shutdown(ShutdownMode mode);

    /// Follows the leader of a cluster though its timeline went back, and acknowledged writes are lost.
    /// @param node its name or address, so that nobody follows another than was meant
    CompletionStage<Outcome> follow(String cluster, String node);

    /// Done when no backend connection is marked to be closed any more.
    CompletionStage<Outcome> waitClose(Optional<String> database);
}
