package org.pgkeel.failover.watch;

import java.util.List;
import java.util.Optional;
import org.pgkeel.failover.patroni.ClusterDocument;

/// All that is known of a cluster at one moment. Threading: immutable.
///
/// @param source    who says which server should be primary
/// @param documents what members answered to `/cluster` in the latest round in which one did
public record Evidence(Source source, List<MemberEvidence> members, List<Document> documents) {
    public static final long NEVER = Long.MIN_VALUE;

    public enum Source {
        PATRONI,
        /// Nobody but PostgreSQL.
        NODES
    }

    public record Document(long askedNanos, ClusterDocument document) {}

    public Evidence {
        members = List.copyOf(members);
        documents = List.copyOf(documents);
    }

    boolean isNamedLeader(String name, long notBeforeNanos) {
        return documents.stream().anyMatch(each -> each.askedNanos >= notBeforeNanos
                && each.document.leader().map(ClusterDocument.Member::name).equals(Optional.of(name)));
    }

    boolean isPaused() {
        return documents.stream().anyMatch(each -> each.document.paused());
    }

    Optional<MemberEvidence> member(String name) {
        return members.stream().filter(each -> each.name().equals(name)).findFirst();
    }
}
