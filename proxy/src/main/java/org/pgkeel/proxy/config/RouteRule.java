package org.pgkeel.proxy.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// One rule of `routing`: the first that fits a statement decides where it runs.
///
/// @param name        for the console, logs and `pgkeel explain`
/// @param origin      where the file has it, `proxy.conf:12`
/// @param role        which replicas may be chosen
/// @param tags        of Patroni, all of which a replica must have
/// @param maxLag      how old a replica's state may be
/// @param maxLagBytes how much WAL a replica may be behind
public record RouteRule(String name, String origin, When when, To to, Role role, Map<String, String> tags, Optional<Duration> maxLag,
                        OptionalLong maxLagBytes, Consistency consistency, OrElse orElse) {
    public enum To {
        PRIMARY,
        REPLICA,
        /// The primary is as good as a replica.
        ANY
    }

    /// Patroni's role endpoints; a replica qualifies if the endpoint answers 200 for it.
    public enum Role { REPLICA, READ_ONLY, SYNCHRONOUS, ASYNCHRONOUS, QUORUM }

    /// What a read has to see.
    public enum Consistency {
        /// What the session itself was told before: its own writes, and nothing older than it has read.
        SESSION,
        /// Every write that any client of this proxy was told of.
        CLUSTER,
        /// Everything older than `max-lag`.
        BOUNDED,
        /// Whatever the replica has.
        EVENTUAL
    }

    /// What happens when no replica qualifies.
    public enum OrElse { PRIMARY, WAIT, REFUSE }

    /// Every condition has to hold; one that is empty always does.
    ///
    /// @param statements   kinds of statements, see [Statement]
    /// @param tables       one of which the statement names; without a schema they are meant in any
    /// @param functions    one of which the statement calls; as for tables
    /// @param hints        one of which the comment `/* pgkeel: ... */` at its beginning says
    /// @param addresses    CIDR ranges
    /// @param times        of the day, in the proxy's time zone
    public record When(Set<String> users, Set<String> databases, Set<String> applications, List<String> addresses, Set<Statement> statements,
                       Set<String> tables, Set<String> functions, Set<String> hints, List<DayTime> times) {}

    public enum Statement {
        /// Can only read; also a transaction that is begun as READ ONLY.
        READ,
        /// May write; also a transaction that is begun otherwise.
        WRITE,
        /// `SET`, `DISCARD`, `PREPARE` and the like.
        SESSION,
        /// `COMMIT`, `SAVEPOINT` and the like.
        TRANSACTION
    }

    /// A part of the day; over midnight if it ends before it begins.
    ///
    /// @param fromMinute of the day, included
    /// @param toMinute   of the day, excluded
    public record DayTime(int fromMinute, int toMinute) {
        public boolean contains(int minuteOfDay) {
            return fromMinute < toMinute ? minuteOfDay >= fromMinute && minuteOfDay < toMinute : minuteOfDay >= fromMinute || minuteOfDay < toMinute;
        }
    }
}
