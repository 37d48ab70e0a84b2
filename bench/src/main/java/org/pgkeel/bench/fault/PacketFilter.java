package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.Processes;
import org.pgkeel.bench.cluster.Sandbox;

/// iptables, in a network namespace that the run made itself and nowhere else.
final class PacketFilter {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /// Rules that are in force.
    record Dropping(List<List<String>> rules) {
        static final Dropping NONE = new Dropping(List.of());

        void heal() throws IOException {
            for (List<String> rule : rules) iptables("--delete", rule);
        }
    }

    private PacketFilter() {}

    static boolean available() {
        return Sandbox.missing().isEmpty();
    }

    /// Every packet to and from the node's links is lost. The bench itself still reaches the node past the links.
    static Dropping dropAll(PatroniNode node) throws IOException {
        return drop(node, List.of());
    }

    /// Packets to and from the node's links are lost by chance.
    ///
    /// @param probability of each, 0 to 1
    static Dropping dropSome(PatroniNode node, double probability) throws IOException {
        return drop(node, List.of("--match", "statistic", "--mode", "random", "--probability", String.format(Locale.ROOT, "%.4f", probability)));
    }

    private static Dropping drop(PatroniNode node, List<String> condition) throws IOException {
        var rules = new ArrayList<List<String>>();
        for (int port : List.of(node.sqlLink().address().getPort(), node.restLink().address().getPort(), node.dcsLink().address().getPort())) {
            for (List<String> end : List.of(List.of("--destination", node.host(), "--protocol", "tcp", "--destination-port", Integer.toString(port)),
                    List.of("--source", node.host(), "--protocol", "tcp", "--source-port", Integer.toString(port)))) {
                var rule = new ArrayList<>(end);
                rule.addAll(condition);
                rule.addAll(List.of("--jump", "DROP"));
                rules.add(Collections.unmodifiableList(rule));
            }
        }
        var inForce = new ArrayList<List<String>>();
        try {
            for (List<String> rule : rules) {
                iptables("--append", rule);
                inForce.add(rule);
            }
        } catch (IOException e) {
            new Dropping(inForce).heal();
            throw e;
        }
        return new Dropping(List.copyOf(rules));
    }

    private static void iptables(String action, List<String> rule) throws IOException {
        var command = new ArrayList<>(List.of("iptables", "--wait", "5", action, "INPUT"));
        command.addAll(rule);
        Processes.run(LIMIT, Map.of(), command);
    }
}
