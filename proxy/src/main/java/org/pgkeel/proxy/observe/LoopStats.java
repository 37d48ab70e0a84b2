package org.pgkeel.proxy.observe;

/// What one event loop has counted beside its pools: log-ins, refusals, pins and closes, each by the word of its reason.
///
/// Threading: confined to the event loop, [#snapshot()] too.
public final class LoopStats {
    private final ReasonCounter logins = new ReasonCounter();
    private final ReasonCounter refusals = new ReasonCounter();
    private final ReasonCounter pins = new ReasonCounter();
    private final ReasonCounter clientCloses = new ReasonCounter();
    private final ReasonCounter serverCloses = new ReasonCounter();
    private final ReasonCounter losses = new ReasonCounter();
    private final ReasonCounter insertedRows = new ReasonCounter();
    private long cancelRequests;

    /// A log-in ended.
    /// @param outcome `ok`, or the word of what was wrong
    public void login(String outcome) {
        logins.count(outcome);
    }

    public void refused(String reason) {
        refusals.count(reason);
    }

    /// A backend connection was pinned to its client.
    public void pinned(String reason) {
        pins.count(reason);
    }

    public void clientClosed(String reason) {
        clientCloses.count(reason);
    }

    public void serverClosed(String reason) {
        serverCloses.count(reason);
    }

    /// A client's backend was lost, and the client stays.
    /// @param verdict what becomes of it
    public void backendLost(String verdict) {
        losses.count(verdict);
    }

    /// INSERTs were seen that could share their commit, or could not.
    public void inserted(InsertHabit habit, long rows) {
        insertedRows.count(habit.word(), rows);
    }

    public void cancelRequested() {
        cancelRequests++;
    }

    public LoopSnapshot snapshot() {
        return new LoopSnapshot(logins.snapshot(), refusals.snapshot(), pins.snapshot(), clientCloses.snapshot(),
                serverCloses.snapshot(), losses.snapshot(), insertedRows.snapshot(), cancelRequests);
    }
}
