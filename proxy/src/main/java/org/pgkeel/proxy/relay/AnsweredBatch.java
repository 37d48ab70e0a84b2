package org.pgkeel.proxy.relay;

/// How far the client has been answered of the batch that is being answered, the replies included that it had from a backend that was lost, or of
/// an attempt that is repeated: those are not shown a second time.
///
/// Within a batch [#had] never becomes less, apart from [#repeated]; a reply that the client had before takes its own place in it.
///
/// Threading: confined to the connection's event loop.
final class AnsweredBatch {
    /// The place of what was read before, or is not to be taken back.
    static final int ELSEWHERE = -1;

    private int visible;
    /// Replies still to come that the client has already.
    private int suppressed;
    private boolean rows;
    /// Where they begin in what is read now.
    private int firstRowAt = ELSEWHERE;
    private int visibleAtFirstRow;
    private int suppressedAtFirstRow;
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

    /// The reply that comes next is one that the client has: it has the rows in front of it, too, if there were any.
    boolean isBehind() {
        return suppressed > 0;
    }

    /// Another read begins.
    /// @param rowsAt where rows begin in it that came before and have not been written; [#ELSEWHERE] if all has been
    void readBegins(int rowsAt) {
        firstRowAt = rowsAt;
    }

    /// Where the rows begin that are not written. Only while there are some.
    int firstRowAt() {
        return firstRowAt;
    }

    /// Rows, COPY data, or a function's value, go to the client.
    /// @param at where they begin in what is read now, or [#ELSEWHERE]
    void rowsCame(int at) {
        if (rows) return;
        rows = true;
        firstRowAt = at;
        visibleAtFirstRow = visible;
        suppressedAtFirstRow = suppressed;
    }

    /// As [#hasRows], without those that were read just now.
    /// @param from where the bytes begin that are not written
    boolean hasWrittenRows(int from) {
        return rows && firstRowAt < from;
    }

    /// If no row of this batch is written, none will be, nor what came behind the first.
    /// @param from where the bytes begin that are not written
    /// @param at   their end
    /// @return the end of those that the client gets
    int takeBackRows(int from, int at) {
        if (!rows || hasWrittenRows(from)) return at;
        takeBackRows();
        return firstRowAt;
    }

    /// None of the rows was written, and none will be, nor what came behind the first.
    void takeBackRows() {
        rows = false;
        visible = visibleAtFirstRow;
        suppressed = suppressedAtFirstRow;
    }

    /// The client has rows of this batch, or they are withheld from it.
    boolean hasRows() {
        return rows;
    }

    /// Replies that the client has, rows and errors apart, those included that are withheld from it.
    int had() {
        return visible + suppressed;
    }

    /// As [#had], without rows that are to be taken back and what came behind them.
    int hadWithoutRows() {
        return rows ? visibleAtFirstRow + suppressedAtFirstRow : had();
    }

    /// What comes from now on is withheld from the client.
    /// @param unwritten replies among [#had] that have not been written
    /// @param rowsToo   nor have the rows, and what came behind them
    void withholds(int unwritten, boolean rowsToo) {
        visibleBefore = (rowsToo ? hadWithoutRows() : had()) - unwritten;
        rowsBefore = rows && !rowsToo;
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
