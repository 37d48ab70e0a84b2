package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.fault.Injection.Before;
import org.pgkeel.bench.link.Caller;
import org.pgkeel.bench.link.Treatment;

/// A node is cut off: nothing passes on its links, nobody is told, and all goes on where it was when the cut is healed.
/// In a run with a network namespace of its own, a node that is cut off from everything also loses every packet.
///
/// @param from whom from
public record Cut(From from) implements Fault {
    public enum From {
        /// The primary from all clients; its standbys stream on, and Patroni sees nothing wrong.
        PROXY,
        /// The primary's Patroni from the DCS: it gives itself up when its time is over.
        DCS,
        /// The primary from clients, standbys, other Patronis and the DCS.
        EVERYTHING,
        /// A replica from clients, the primary, other Patronis and the DCS.
        REPLICA_FROM_EVERYTHING
    }

    private static final Until UNTIL_REPLACED = new Until.Promoted(Duration.ofSeconds(60), Duration.ofSeconds(2));
    private static final Treatment SILENT = new Treatment.Silent();

    @Override
    public String name() {
        return switch (from) {
            case PROXY -> "cut-from-proxy";
            case DCS -> "cut-from-dcs";
            case EVERYTHING -> "cut-from-everything";
            case REPLICA_FROM_EVERYTHING -> "replica-cut";
        };
    }

    @Override
    public String summary() {
        return switch (from) {
            case PROXY -> "the primary is cut off from the proxy only";
            case DCS -> "the primary is cut off from the DCS only";
            case EVERYTHING -> "the primary is cut off from everything";
            case REPLICA_FROM_EVERYTHING -> "a replica is cut off from everything";
        };
    }

    @Override
    public Hides hides() {
        return switch (from) {
            case PROXY, EVERYTHING, REPLICA_FROM_EVERYTHING -> Hides.VICTIM;
            case DCS -> Hides.NOBODY;
        };
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        return switch (from) {
            case PROXY -> {
                PatroniNode primary = scene.primary();
                Before before = Before.of(this, scene, primary);
                cutFromCallers(primary, Caller.CLIENTS);
                yield before.done(new Until.Past(Duration.ofSeconds(8)), () -> heal(primary));
            }
            case DCS -> {
                PatroniNode primary = scene.primary();
                Before before = Before.of(this, scene, primary);
                primary.dcsLink().spoil(this, Caller.ANYONE, SILENT);
                yield before.done(UNTIL_REPLACED, () -> heal(primary));
            }
            case EVERYTHING -> {
                PatroniNode primary = scene.primary();
                Before before = Before.of(this, scene, primary);
                PacketFilter.Dropping packets = cutFromEverything(primary);
                yield before.done(UNTIL_REPLACED, () -> {
                    packets.heal();
                    heal(primary);
                });
            }
            case REPLICA_FROM_EVERYTHING -> {
                PatroniNode replica = scene.replica();
                Before before = Before.of(this, scene, replica);
                PacketFilter.Dropping packets = cutFromEverything(replica);
                List<PatroniNode> others = scene.cluster().nodes().stream().filter(node -> node != replica).toList();
                for (PatroniNode other : others) other.sqlLink().spoil(this, Caller.node(replica.name()), SILENT);
                yield before.done(new Until.Past(Duration.ofSeconds(10)), () -> {
                    packets.heal();
                    for (PatroniNode other : others) other.sqlLink().heal(this);
                    heal(replica);
                });
            }
        };
    }

    private PacketFilter.Dropping cutFromEverything(PatroniNode node) throws IOException {
        cutFromCallers(node, Caller.ANYONE);
        node.dcsLink().spoil(this, Caller.ANYONE, SILENT);
        return PacketFilter.available() ? PacketFilter.dropAll(node) : PacketFilter.Dropping.NONE;
    }

    private void cutFromCallers(PatroniNode node, Predicate<Caller> callers) {
        node.sqlLink().spoil(this, callers, SILENT);
        node.restLink().spoil(this, callers, SILENT);
    }

    private void heal(PatroniNode node) {
        node.sqlLink().heal(this);
        node.restLink().heal(this);
        node.dcsLink().heal(this);
    }
}
