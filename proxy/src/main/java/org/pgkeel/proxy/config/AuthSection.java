package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads `auth`: who may connect, and how they prove it.
final class AuthSection {
    /// Every name in it with its schema, operators too: it runs as who may read `pg_authid`, in a database whose owner may set its `search_path`.
    static final String DEFAULT_QUERY = "SELECT rolname, CASE WHEN rolvaliduntil OPERATOR(pg_catalog.<) pg_catalog.now() THEN NULL ELSE rolpassword END "
            + "FROM pg_catalog.pg_authid WHERE rolname OPERATOR(pg_catalog.=) $1 AND rolcanlogin";
    private static final String ALL = "all";
    private static final Set<String> UNSUPPORTED_DATABASES = Set.of("sameuser", "samerole", "samegroup");

    private AuthSection() {}

    static AuthConfig read(Section section) {
        AuthMethod method = section.word("method", AuthMethod.SCRAM_SHA_256);
        List<AuthRule> rules = rules(section);
        Optional<Path> usersFile = Paths.file(section, "users-file");
        Optional<AuthConfig.AuthQuery> query = query(section.section("auth-query"));
        int pendingMax = section.integer("pending-max", 1_000, 1, Bounds.CONNECTIONS_MAX);
        return new AuthConfig(method, rules, usersFile, query, pendingMax);
    }

    private static Optional<AuthConfig.AuthQuery> query(Section section) {
        Optional<String> user = section.optionalText("user");
        Optional<String> database = section.optionalText("database");
        String query = section.text("query", DEFAULT_QUERY);
        Duration cacheFor = section.duration("cache-for", "30s", Bounds.NONE, Duration.ofDays(1));
        if (section.isPresent() && user.isEmpty() && section.sound("user")) section.problem("user", "missing: who runs the query");
        if (section.has("query") && !query.contains("$1")) section.problem("query", "has no $1, which stands for the user's name");
        return user.map(name -> new AuthConfig.AuthQuery(name, database, query, cacheFor));
    }

    private static List<AuthRule> rules(Section section) {
        List<AuthRule> rules = new ArrayList<>();
        Map<AuthRule, String> seen = new HashMap<>();
        for (Section rule : section.sections("rules")) {
            if (!rule.isPresent()) continue;
            AuthRule read = rule(rule);
            rules.add(read);
            AuthRule condition = new AuthRule(read.connection(), read.databases(), read.users(), read.addresses(), AuthMethod.REJECT);
            String first = seen.putIfAbsent(condition, rule.origin());
            if (first != null && rule.sound("type", "database", "user", "address")) {
                section.reading().problem(rule.key(), rule.origin(), "the rule at " + first + " has the same conditions and comes first: this one never counts");
            }
        }
        return List.copyOf(rules);
    }

    private static AuthRule rule(Section section) {
        AuthRule.Connection type = section.word("type", AuthRule.Connection.HOST);
        List<String> databases = section.list("database", List.of(ALL), AuthSection::databaseName);
        List<String> users = section.list("user", List.of(ALL), AuthSection::userName);
        List<String> addresses = section.list("address", List.of(ALL), text -> text.equals(ALL) ? text : Cidr.parse(text));
        Optional<AuthMethod> method = section.optionalWord("method", AuthMethod.class);
        if (method.isEmpty() && !section.has("method")) section.problem("method", "missing");
        if (type == AuthRule.Connection.LOCAL && section.has("address")) section.problem("address", "a local rule has no address");
        if (section.sound("type") && method.equals(Optional.of(AuthMethod.CERT)) && type != AuthRule.Connection.HOSTSSL) {
            section.problem("method", "cert needs type hostssl");
        }
        return new AuthRule(type, named(databases), named(users), List.copyOf(named(addresses)), method.orElse(AuthMethod.REJECT));
    }

    /// `all` beside names is still all: an empty set.
    private static Set<String> named(List<String> names) {
        return names.contains(ALL) ? Set.of() : new LinkedHashSet<>(names);
    }

    private static String databaseName(String name) {
        if (UNSUPPORTED_DATABASES.contains(name) || name.startsWith("/") || name.startsWith("@")) {
            throw new BadValue("'" + name + "' has a meaning in pg_hba.conf that rules do not have here; write the names");
        }
        return name;
    }

    private static String userName(String name) {
        if (name.startsWith("+") || name.startsWith("/") || name.startsWith("@")) {
            throw new BadValue("'" + name + "' has a meaning in pg_hba.conf that rules do not have here; write the names");
        }
        return name;
    }
}
