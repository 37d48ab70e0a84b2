package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.pgkeel.proxy.config.AuthRule.Connection;
import org.pgkeel.proxy.login.AuthRules.Purpose;

class AuthRulesTest {
    private static AuthRules rules(AuthRule... rules) {
        return new AuthRules(new AuthConfig(AuthMethod.REJECT, List.of(rules), Optional.empty(), Optional.empty(), 1));
    }

    private static AuthRule rule(Connection connection, Set<String> databases, Set<String> users, List<String> addresses) {
        return new AuthRule(connection, databases, users, addresses, AuthMethod.TRUST);
    }

    private static SocketAddress from(String ip) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(ip), 1);
    }

    private static boolean letsIn(AuthRule rule, String user, String database, Purpose purpose, ConnectionKind kind, SocketAddress address) {
        return rules(rule).decide(new AuthRules.Subject(user, database, purpose, kind, address)).method() == AuthMethod.TRUST;
    }

    private static boolean inRange(String range, String ip) throws UnknownHostException {
        return letsIn(rule(Connection.HOST, Set.of(), Set.of(), List.of(range)), "u", "d", Purpose.SESSION, ConnectionKind.TCP, from(ip));
    }

    @Test
    void ranges_end_where_their_prefix_does() throws UnknownHostException {
        assertThat(inRange("10.0.0.0/8", "10.255.255.255")).isTrue();
        assertThat(inRange("10.0.0.0/8", "11.0.0.0")).isFalse();
        assertThat(inRange("192.168.4.0/22", "192.168.7.255")).isTrue();
        assertThat(inRange("192.168.4.0/22", "192.168.8.0")).isFalse();
        assertThat(inRange("192.168.4.128/25", "192.168.4.127")).isFalse();
        assertThat(inRange("192.168.4.128/25", "192.168.4.128")).isTrue();
        assertThat(inRange("127.0.0.1", "127.0.0.1")).isTrue();
        assertThat(inRange("127.0.0.1/32", "127.0.0.2")).isFalse();
        assertThat(inRange("0.0.0.0/0", "203.0.113.9")).isTrue();
        assertThat(inRange("0.0.0.0/0", "2001:db8::1")).isFalse();
        assertThat(inRange("::/0", "2001:db8::1")).isTrue();
        assertThat(inRange("::/0", "203.0.113.9")).isFalse();
        assertThat(inRange("2001:db8::/33", "2001:db8:7fff::1")).isTrue();
        assertThat(inRange("2001:db8::/33", "2001:db8:8000::1")).isFalse();
        assertThat(inRange("all", "203.0.113.9")).isTrue();
        assertThat(inRange("203.0.113.0/24", "::ffff:203.0.113.9")).isTrue();
        assertThat(inRange("::ffff:203.0.113.9/32", "203.0.113.9")).isTrue();
        assertThat(inRange("::ffff:203.0.113.9/32", "203.0.113.8")).isFalse();
        assertThat(inRange("::ffff:203.0.113.9/32", "::1")).isFalse();
    }

    @Test
    void malformed_ranges_are_refused_by_key() {
        for (String range : List.of("10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "host.example", "::/129", "10.0.0.0/8/8", "")) {
            assertThatThrownBy(() -> rules(rule(Connection.HOST, Set.of(), Set.of(), List.of("all", range))))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("auth.rules[0].addresses: ");
        }
    }

    @Test
    void the_kind_of_connection_decides() throws UnknownHostException {
        SocketAddress tcp = from("10.0.0.1");
        SocketAddress unix = new DomainSocketAddress("/tmp/s");
        for (Connection connection : Connection.values()) {
            AuthRule rule = rule(connection, Set.of(), Set.of(), List.of());
            assertThat(letsIn(rule, "u", "d", Purpose.SESSION, ConnectionKind.TCP, tcp)).isEqualTo(connection == Connection.HOST || connection == Connection.HOSTNOSSL);
            assertThat(letsIn(rule, "u", "d", Purpose.SESSION, ConnectionKind.TLS, tcp)).isEqualTo(connection == Connection.HOST || connection == Connection.HOSTSSL);
            assertThat(letsIn(rule, "u", "d", Purpose.SESSION, ConnectionKind.UNIX_SOCKET, unix)).isEqualTo(connection == Connection.LOCAL);
        }
    }

    @Test
    void users_and_databases_are_matched_by_name() throws UnknownHostException {
        SocketAddress tcp = from("10.0.0.1");
        AuthRule rule = rule(Connection.HOST, Set.of("app", "sameuser"), Set.of("alice", "bob"), List.of());
        assertThat(letsIn(rule, "alice", "app", Purpose.SESSION, ConnectionKind.TCP, tcp)).isTrue();
        assertThat(letsIn(rule, "bob", "bob", Purpose.SESSION, ConnectionKind.TCP, tcp)).isTrue();
        assertThat(letsIn(rule, "bob", "alice", Purpose.SESSION, ConnectionKind.TCP, tcp)).isFalse();
        assertThat(letsIn(rule, "carol", "app", Purpose.SESSION, ConnectionKind.TCP, tcp)).isFalse();
    }

    @Test
    void physical_replication_is_in_no_database_and_meant_by_rules_for_all() throws UnknownHostException {
        SocketAddress tcp = from("10.0.0.1");
        assertThat(letsIn(rule(Connection.HOST, Set.of(), Set.of(), List.of()), "u", "d", Purpose.PHYSICAL_REPLICATION, ConnectionKind.TCP, tcp)).isTrue();
        assertThat(letsIn(rule(Connection.HOST, Set.of("d"), Set.of(), List.of()), "u", "d", Purpose.PHYSICAL_REPLICATION, ConnectionKind.TCP, tcp)).isFalse();
        assertThat(letsIn(rule(Connection.HOST, Set.of("sameuser"), Set.of(), List.of()), "u", "u", Purpose.PHYSICAL_REPLICATION, ConnectionKind.TCP, tcp)).isFalse();
        assertThat(letsIn(rule(Connection.HOST, Set.of("replication"), Set.of(), List.of()), "u", "d", Purpose.PHYSICAL_REPLICATION, ConnectionKind.TCP, tcp)).isTrue();
        assertThat(letsIn(rule(Connection.HOST, Set.of("replication"), Set.of(), List.of()), "u", "d", Purpose.SESSION, ConnectionKind.TCP, tcp)).isFalse();
    }

    @Test
    void the_first_rule_that_fits_decides_else_the_default() throws UnknownHostException {
        var first = new AuthRule(Connection.HOST, Set.of(), Set.of("alice"), List.of(), AuthMethod.MD5);
        var second = new AuthRule(Connection.HOST, Set.of(), Set.of("all"), List.of("10.0.0.0/8"), AuthMethod.CERT);
        AuthRules rules = rules(first, second);
        assertThat(rules.decide(new AuthRules.Subject("alice", "d", Purpose.SESSION, ConnectionKind.TCP, from("10.0.0.1"))).method()).isEqualTo(AuthMethod.MD5);
        assertThat(rules.decide(new AuthRules.Subject("bob", "d", Purpose.SESSION, ConnectionKind.TCP, from("10.0.0.1"))).method()).isEqualTo(AuthMethod.CERT);
        assertThat(rules.decide(new AuthRules.Subject("bob", "d", Purpose.SESSION, ConnectionKind.TCP, from("11.0.0.1"))))
                .isEqualTo(new AuthRules.Decision(AuthMethod.REJECT, Optional.empty()));
    }
}
