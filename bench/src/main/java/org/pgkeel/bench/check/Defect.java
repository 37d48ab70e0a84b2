package org.pgkeel.bench.check;

/// What a checker can find wrong.
public enum Defect {
    /// Acknowledged, and not there at the end.
    LOST("lost"),
    /// There more than once, or executed a second time.
    DUPLICATED("duplicated"),
    /// Answered with an error that says it did not happen, and there at the end.
    RESURRECTED("resurrected"),
    /// There, and nobody wrote it.
    PHANTOM("phantoms"),
    /// An order or a state that no sequence of the operations explains.
    OUT_OF_ORDER("out of order"),
    /// Money appeared or went.
    BROKEN_TOTAL("broken totals"),
    /// A session saw less than it had written or seen.
    STALE_READ("stale reads"),
    /// Acknowledged on a timeline that had been left when the operation began.
    DEMOTED_PRIMARY("answered by a demoted primary"),
    /// Lost, and PgKeel's log does not say so.
    LOSS_NOT_LOGGED("lost but not logged"),
    /// PgKeel's log says that it is lost, and it is there.
    LOGGED_NOT_LOST("logged but not lost");

    private final String words;

    Defect(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }
}
