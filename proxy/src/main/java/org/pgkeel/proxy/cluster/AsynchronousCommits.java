package org.pgkeel.proxy.cluster;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether commits of one cluster may be acknowledged before they are on disk (`synchronous_commit = off`): what lies before the primary's flush position is not
/// all that was acknowledged then. Goes on through reloads.
///
/// Threading: shared. Cheap; all may be called from any thread.
public final class AsynchronousCommits {
    private static final Logger log = LoggerFactory.getLogger(AsynchronousCommits.class);
    /// Three of the longest `wal_writer_delay`: then every commit is on disk.
    private static final long ON_DISK_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final String cluster;
    /// Somebody has asked for them. For good: connections of before keep what they logged in with.
    private final AtomicBoolean wanted = new AtomicBoolean();
    /// When somebody may have done so last.
    private volatile long perhapsNanos = System.nanoTime() - ON_DISK_NANOS;

    AsynchronousCommits(String cluster) {
        this.cluster = cluster;
    }

    /// Somebody asks for them.
    public void begin(String why) {
        if (wanted.get() || !wanted.compareAndSet(false, true)) return;
        log.info("cluster {}: replicas are measured by the end of the WAL from now on, as commits may not wait for the disk: {}", cluster, why);
    }

    /// A client that may have asked for them is told of a commit.
    public void perhaps(long nowNanos) {
        perhapsNanos = nowNanos;
    }

    boolean arePossible() {
        return wanted.get() || System.nanoTime() - perhapsNanos < ON_DISK_NANOS;
    }
}
