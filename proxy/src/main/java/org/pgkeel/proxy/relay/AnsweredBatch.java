package org.pgkeel.proxy.relay;

/// How far the client has been answered of the batch that is being answered, the replies included that it had from a backend that was lost, or of
/// an attempt that is repeated: those are not shown a second time.
///
/// Within a batch [#had] never becomes less, apart from [#repeated]; a reply that the client had before takes its own place in it.
///
/// Threading: confined to the connection's event loop.
final class AnsweredBatch {
    private int visible;
    /// Replies still to come that the client has already.
    private int suppressed;
    private boolean rows;
    private int visibleBefore;
    private boolean rowsBefore;

    /// The first replies of the next batch went to the client before, by another backend.
    void suppress(int replies) {
        suppressed = replies;
    }

    /// One more reply is due to the client.
    /// @return false if it has had this one already
    boolean isNews() {
        visible++;
        if (suppressed == 0) return true;
        suppressed--;
        return false;
    }

    /// Rows, COPY data, or a function's value, go to the client.
    void rowsCame() {
        rows = true;
    }

    /// The client has rows of this batch, or they are withheld from it.
    boolean hasRows() {
        return rows;
    }

    /// Replies that the client has, rows and errors apart, those included that are withheld from it.
    int had() {
        return visible + suppressed;
    }

    /// What comes from now on is withheld from the client.
    /// @param unwritten replies among [#had] that have not been written
    void withholds(int unwritten) {
        visibleBefore = had() - unwritten;
        rowsBefore = rows;
    }

    /// As [#had], without what is withheld. Only while something is withheld.
    int hadBefore() {
        return visibleBefore;
    }

    /// As [#hasRows], without what is withheld. Only while something is withheld.
    boolean hadRowsBefore() {
        return rowsBefore;
    }

    /// ReadyForQuery: the next batch begins.
    void ended() {
        visible = 0;
        suppressed = 0;
        rows = false;
    }

    /// The batch came to nothing, and is sent again: what the client has of it is not shown once more.
    void repeated() {
        suppressed += visible;
        visible = 0;
        rows = false;
    }

    /// As [#repeated]; what was withheld is thrown away, so that the client never had it.
    void repeatedFromWithheld() {
        suppressed = visibleBefore;
        visible = 0;
        rows = false;
    }
}
