package org.pgkeel.proxy.observe;

/// What one event loop's slice of one pool has done since the start: the counters behind SHOW STATS and the metrics.
/// Times are taken from a monotonic clock by the caller, in nanoseconds.
///
/// Threading: confined to the pool's event loop, [#snapshot()] too.
public final class PoolStats {
    private final String database;
    private final String user;
    private final LatencyHistogram transactions = new LatencyHistogram();
    private final LatencyHistogram queries = new LatencyHistogram();
    private final LatencyHistogram waits = new LatencyHistogram();
    private long receivedBytes;
    private long sentBytes;
    private long clientParses;
    private long serverParses;
    private long binds;
    private long serverAssignments;
    private long serversClosed;
    private long serverLifetimeMicros;

    public PoolStats(String database, String user) {
        this.database = database;
        this.user = user;
    }

    /// A transaction ended: its backend connection was given back, or could have been.
    public void transactionEnded(long nanos) {
        transactions.record(nanos);
    }

    /// A query cycle ended with ReadyForQuery.
    public void queryEnded(long nanos) {
        queries.record(nanos);
    }

    /// A client that had to wait for a backend connection got one.
    public void waited(long nanos) {
        waits.record(nanos);
    }

    /// Bytes that came from clients.
    public void received(long bytes) {
        receivedBytes += bytes;
    }

    /// Bytes that went to clients.
    public void sent(long bytes) {
        sentBytes += bytes;
    }

    /// A client prepared a statement by name.
    public void clientParsed() {
        clientParses++;
    }

    /// The proxy prepared a statement on a backend connection.
    public void serverParsed() {
        serverParses++;
    }

    /// A client bound a prepared statement.
    public void bound() {
        binds++;
    }

    /// A backend connection was leased to a client.
    public void serverAssigned() {
        serverAssignments++;
    }

    /// A backend connection was closed, whoever closed it.
    public void serverClosed(long lifetimeMicros) {
        serversClosed++;
        serverLifetimeMicros += lifetimeMicros;
    }

    public StatsSnapshot snapshot() {
        return new StatsSnapshot(database, user, transactions.snapshot(), queries.snapshot(), waits.snapshot(),
                receivedBytes, sentBytes, clientParses, serverParses, binds, serverAssignments, serversClosed, serverLifetimeMicros);
    }
}
