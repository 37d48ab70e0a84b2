package org.pgkeel.proxy.catalogue;

import java.time.Duration;
import java.util.function.Supplier;

/// When a database's catalogue is asked for again, and what holds until the answer is there. A change of the catalogue that
/// passes through the proxy makes what is known doubtful at once: until an answer to a question asked after it, nothing but
/// [Catalogue#unknown] is relied on. Changes made elsewhere are seen within the interval; where something is used that it does not have,
/// it is asked sooner: each time that happens within one interval, after a pause twice as long.
///
/// Threading: confined to its owner; times are of `System.nanoTime()`.
public final class CatalogueRefresh {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    private final Supplier<Duration> interval;
    private Catalogue fetched = Catalogue.unknown();
    private boolean known;
    private long askedAt;
    private boolean asking;
    private boolean changed;
    private long changedAt;
    private boolean missed;
    private Duration missPause = FIRST_PAUSE;
    private boolean failed;
    private long failedAt;

    /// @param interval the `catalogue.refresh` key, which a reload may change
    public CatalogueRefresh(Supplier<Duration> interval) {
        this.interval = interval;
    }

    /// What statements are classified by now.
    public Catalogue current() {
        return changed ? Catalogue.unknown() : fetched;
    }

    /// Whether the question should be asked now; if so, [#asked] is called next.
    public boolean isDue(long now) {
        if (asking) return false;
        if (failed && now - failedAt < FIRST_PAUSE.toNanos()) return false;
        return now - dueNanos(now) >= 0;
    }

    /// When the question is to be asked next. Only while it is not on its way, and has not failed.
    public long dueNanos(long now) {
        if (!known || changed) return now;
        boolean soon = missed && missPause.compareTo(interval.get()) < 0;
        return askedAt + (soon ? missPause : interval.get()).toNanos();
    }

    private boolean isOld(long now) {
        return now - askedAt >= interval.get().toNanos();
    }

    /// The question is on its way.
    public void asked(long now) {
        if (isOld(now)) missPause = FIRST_PAUSE;
        else if (missed) missPause = missPause.multipliedBy(2);
        missed = false;
        asking = true;
        askedAt = now;
    }

    /// The answer to the question asked last. It tells nothing of a change that came after the question.
    public void answered(Catalogue answer) {
        asking = false;
        failed = false;
        known = true;
        fetched = answer;
        if (changed && changedAt - askedAt < 0) changed = false;
    }

    /// No answer came; what was known before goes on to hold.
    public void failed(long now) {
        asking = false;
        failed = true;
        failedAt = now;
    }

    /// Something is used that it does not have: made since it was asked, or not there at all.
    public void missed() {
        missed = known && !changed;
    }

    /// A `CREATE`, `ALTER` or `DROP` was sent, or completed: to be called at both, since the change is seen by others from
    /// somewhere in between.
    public void changed(long now) {
        changed = true;
        changedAt = now;
    }
}
