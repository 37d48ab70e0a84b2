package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.bench.verdict.Broken;

/// Why PgKeel calls outcomes unknown, by its metrics. With `outcome = pipelined` it must where the connection broke before the probe's answer, and where the work has no
/// probe that would tell; every other reason is one that `strict` may not have either.
final class UnknownReasons {
    private static final Set<String> MUST = Set.of("mark_not_received", "not_probed", "unmarked", "commits_inside");
    private static final Pattern COUNTER = Pattern.compile("^pgkeel_outcomes_total\\{[^}]*outcome=\"unknown\",reason=\"(\\w+)\"[^}]*} (\\S+)$", Pattern.MULTILINE);

    private final List<PgKeelProcess> proxies;
    /// By proxy.
    private final Map<String, Map<String, Long>> seen = new HashMap<>();

    UnknownReasons(List<PgKeelProcess> proxies) {
        this.proxies = List.copyOf(proxies);
    }

    /// @return the reasons since the last call that the algorithm does not give
    List<Broken> broken() throws IOException {
        var broken = new ArrayList<Broken>();
        for (PgKeelProcess proxy : proxies) {
            Map<String, Long> now = in(proxy.metrics());
            broken.addAll(since(seen.getOrDefault(proxy.toString(), Map.of()), now, proxy.toString()));
            seen.put(proxy.toString(), now);
        }
        return broken;
    }

    /// @param metrics in Prometheus's text format
    static Map<String, Long> in(String metrics) {
        Map<String, Long> counts = new TreeMap<>();
        for (MatchResult counter : COUNTER.matcher(metrics).results().toList()) counts.merge(counter.group(1), (long) Double.parseDouble(counter.group(2)), Long::sum);
        return counts;
    }

    /// @param before of a proxy that may have been killed since, and counts anew
    static List<Broken> since(Map<String, Long> before, Map<String, Long> now, String proxy) {
        var broken = new ArrayList<Broken>();
        now.forEach((reason, count) -> {
            long earlier = before.getOrDefault(reason, 0L);
            long more = count < earlier ? count : count - earlier;
            if (more > 0 && !MUST.contains(reason)) broken.add(new Broken("08007 only where the algorithm says it must", proxy, more, reason));
        });
        return broken;
    }
}
