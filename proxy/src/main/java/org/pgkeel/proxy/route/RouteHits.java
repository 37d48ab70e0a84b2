package org.pgkeel.proxy.route;

/// How often each rule of one table decided, on one event loop.
///
/// Threading: counted on its event loop; read from anywhere, a little late.
public final class RouteHits {
    private final long[] hits;

    RouteHits(int rules) {
        hits = new long[rules + 1];
    }

    void count(int rule) {
        add(rule, 1);
    }

    void add(int rule, long more) {
        hits[rule < 0 ? hits.length - 1 : rule] += more;
    }

    /// @param rule its index, or [RoutingTable#NO_RULE] for what no rule decided
    public long of(int rule) {
        return hits[rule < 0 ? hits.length - 1 : rule];
    }
}
