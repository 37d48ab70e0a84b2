package org.pgkeel.proxy.login;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AddressRange;
import org.pgkeel.proxy.config.AuthRule;

/// `auth.rules`, ready to be asked: the first that fits decides, as in `pg_hba.conf`, else `auth.method`. Immutable.
/// <https://www.postgresql.org/docs/current/auth-pg-hba-conf.html>
final class AuthRules {
    private static final String ALL = "all";
    private static final String SAME_USER = "sameuser";
    private static final String REPLICATION = "replication";

    /// What is known of a client when the method is chosen.
    record Subject(String user, String database, Purpose purpose, ConnectionKind kind, SocketAddress address) {}

    /// Physical replication is in no database: the word `replication` means it, and what holds for all databases holds for it.
    enum Purpose { SESSION, PHYSICAL_REPLICATION }

    /// @param rule that fitted; empty if none did and the method is the default
    record Decision(AuthMethod method, Optional<AuthRule> rule) {}

    private record Ready(AuthRule rule, List<AddressRange> ranges) {}

    private final List<Ready> rules = new ArrayList<>();
    private final AuthMethod otherwise;

    /// @throws IllegalArgumentException if a rule's address is malformed; names its key
    AuthRules(AuthConfig config) {
        otherwise = config.method();
        for (int i = 0; i < config.rules().size(); i++) {
            AuthRule rule = config.rules().get(i);
            var ranges = new ArrayList<AddressRange>();
            for (String address : rule.addresses()) {
                if (address.equals(ALL)) continue;
                try {
                    ranges.add(AddressRange.parse(address));
                } catch (IllegalArgumentException malformed) {
                    throw new IllegalArgumentException("auth.rules[" + i + "].addresses: " + malformed.getMessage());
                }
            }
            rules.add(new Ready(rule, List.copyOf(ranges)));
        }
    }

    Decision decide(Subject subject) {
        return rules.stream().filter(ready -> fits(ready, subject)).findFirst()
                .map(ready -> new Decision(ready.rule().method(), Optional.of(ready.rule())))
                .orElseGet(() -> new Decision(otherwise, Optional.empty()));
    }

    private static boolean fits(Ready ready, Subject subject) {
        AuthRule rule = ready.rule();
        return fitsConnection(rule.connection(), subject.kind()) && fitsDatabase(rule.databases(), subject)
                && (rule.users().isEmpty() || rule.users().contains(ALL) || rule.users().contains(subject.user()))
                && fitsAddress(ready, subject.address());
    }

    private static boolean fitsConnection(AuthRule.Connection connection, ConnectionKind kind) {
        return switch (connection) {
            case HOST -> kind != ConnectionKind.UNIX_SOCKET;
            case HOSTSSL -> kind == ConnectionKind.TLS;
            case HOSTNOSSL -> kind == ConnectionKind.TCP;
            case LOCAL -> kind == ConnectionKind.UNIX_SOCKET;
        };
    }

    private static boolean fitsDatabase(Set<String> databases, Subject subject) {
        if (databases.isEmpty() || databases.contains(ALL)) return true;
        return switch (subject.purpose()) {
            case PHYSICAL_REPLICATION -> databases.contains(REPLICATION);
            case SESSION -> databases.contains(subject.database()) || databases.contains(SAME_USER) && subject.database().equals(subject.user());
        };
    }

    private static boolean fitsAddress(Ready ready, SocketAddress address) {
        List<String> addresses = ready.rule().addresses();
        if (addresses.isEmpty() || addresses.contains(ALL)) return true;
        if (!(address instanceof InetSocketAddress inet)) return false;
        InetAddress ip = inet.getAddress();
        return ip != null && ready.ranges().stream().anyMatch(range -> range.contains(ip));
    }
}
