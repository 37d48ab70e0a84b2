package org.pgkeel.proxy.cluster;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.watch.Evidence;

/// The answers of several members to one round of `/cluster`. They count together, because one of them may come from a zombie that
/// has not noticed yet. Threading: confined to the cluster rooms.
final class DocumentRound {
    private final long askedNanos;
    private final List<Evidence.Document> documents = new ArrayList<>();
    private int awaited;

    /// @param awaited members whose answers are waited for; others were asked too
    DocumentRound(long askedNanos, int awaited) {
        this.askedNanos = askedNanos;
        this.awaited = awaited;
    }

    long askedNanos() {
        return askedNanos;
    }

    /// @param askedNanos when it was asked for: in this round, or in one before that did not wait for it
    void said(long askedNanos, ClusterDocument document) {
        documents.add(new Evidence.Document(askedNanos, document));
    }

    void answered() {
        awaited--;
    }

    boolean isComplete() {
        return awaited <= 0;
    }

    List<Evidence.Document> documents() {
        return documents;
    }
}
