package org.pgkeel.failover.watch;

import java.util.Set;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;

/// What is known of one member. Threading: immutable.
///
/// @param name Patroni's name; the address where there is no Patroni
public record MemberEvidence(String name, NodeAddress address, Rest rest, Sql sql) {
    /// What its Patroni said last.
    public sealed interface Rest {
        /// There is no Patroni, or it has not answered yet.
        record NotAsked() implements Rest {}

        /// @param leads     `/primary` answered 200
        /// @param endpoints those that answered 200, as in `Replica`
        record Said(long askedNanos, MemberStatus status, boolean leads, Set<String> endpoints) implements Rest {}

        /// @param heardNanos when it was asked what it answered last; [Evidence#NEVER] if it never did
        record Silent(long askedNanos, PatroniAnswer.Kind kind, long heardNanos) implements Rest {}
    }

    /// What its PostgreSQL said last.
    public sealed interface Sql {
        record NotAsked() implements Sql {}

        /// @param askedNanos when it was asked, not when it answered
        /// @param inARow     so many replies of this kind in a row
        record Said(long askedNanos, NodeReply reply, int inARow) implements Sql {}
    }

    public static MemberEvidence of(String name, NodeAddress address) {
        return new MemberEvidence(name, address, new Rest.NotAsked(), new Sql.NotAsked());
    }

    public MemberEvidence with(Rest changed) {
        return new MemberEvidence(name, address, changed, sql);
    }

    public MemberEvidence with(Sql changed) {
        return new MemberEvidence(name, address, rest, changed);
    }

    /// The next reply, counted.
    public MemberEvidence replied(long askedNanos, NodeReply reply) {
        boolean again = sql instanceof Sql.Said(_, NodeReply.Silent(var before, _), _) && reply instanceof NodeReply.Silent(var now, _) && before == now;
        return with(new Sql.Said(askedNanos, reply, again ? ((Sql.Said) sql).inARow() + 1 : 1));
    }
}
