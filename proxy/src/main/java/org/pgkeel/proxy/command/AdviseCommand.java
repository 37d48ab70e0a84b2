package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.advise.Advice;
import org.pgkeel.proxy.advise.Candidate;
import org.pgkeel.proxy.advise.CoalesceAdvice;
import org.pgkeel.proxy.advise.SchemaAdvice;
import org.pgkeel.proxy.advise.SettingsAdvice;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.MonitorConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.login.BrokenUsersFile;
import org.pgkeel.proxy.login.StoredSecret;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.tls.BrokenTlsFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `pgkeel advise --config FILE`: what to change for tables that take many INSERTs. Nothing is changed: every connection is read-only.
@Command(name = "advise", description = {"Say what to change for tables that take many INSERTs: rules of coalesce, settings of PostgreSQL, the schema. Changes nothing.",
        "Passwords that the configuration does not have come from PGPASSWORD or the password file.",
        "Exit codes: 0 the server was asked, 64 nobody to ask it as, 78 the configuration is wrong, 69 a server does not answer."}, mixinStandardHelpOptions = true)
final class AdviseCommand implements Callable<Integer> {
    private static final int DATABASES_MAX = 20;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The configuration, see conf/README.md.")
    private Path config = Path.of("proxy.conf");

    @Option(names = {"--database", "-d"}, paramLabel = "NAME", description = "Look into this database alone, named as clients name it; may be given more than once.")
    private List<String> databases = new ArrayList<>();

    @Option(names = {"--user", "-u"}, paramLabel = "NAME", description = "As whom PostgreSQL is asked; without it as the cluster's monitor.user. A member of pg_monitor sees most.")
    private @Nullable String user;

    @Option(names = "--console-user", paramLabel = "NAME", description = "As whom the proxy's console is asked; without it as the first of admin.users and admin.stats-users.")
    private @Nullable String consoleUser;

    @Option(names = "--json", description = "Findings as JSON.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        ConfigResult result = new ConfigLoader(System.getenv()).load(config);
        ConfigPrinting.print(result, err);
        int exitCode = switch (result) {
            case ConfigResult.Rejected _ -> ExitCode.CONFIG;
            case ConfigResult.Loaded loaded -> adviseOn(loaded.config(), err);
        };
        err.flush();
        return exitCode;
    }

    private int adviseOn(ProxyConfig of, PrintWriter err) {
        try {
            return advise(of, err);
        } catch (BrokenUsersFile | BrokenTlsFile broken) {
            err.println("error: " + broken.getMessage());
            return ExitCode.CONFIG;
        }
    }

    private int advise(ProxyConfig of, PrintWriter err) {
        for (ClusterConfig cluster : of.clusters().values()) {
            if (user != null || cluster.monitor().isPresent()) continue;
            err.println("error: clusters." + cluster.name() + ".monitor: not configured, so that --user must say as whom PostgreSQL is asked");
            return ExitCode.USAGE;
        }
        Optional<List<Candidate>> candidates = candidates(of, err);
        var places = new ArrayList<AdvicePrinting.Place>();
        boolean allAnswer = true;
        for (ClusterConfig cluster : of.clusters().values()) allAnswer &= ask(of, cluster, candidates.orElse(List.of()), places, err);
        PrintWriter out = spec.commandLine().getOut();
        if (json) AdvicePrinting.json(places, candidates.isPresent(), out);
        else AdvicePrinting.text(places, out);
        return allAnswer ? ExitCode.OK : ExitCode.UNAVAILABLE;
    }

    // --- the proxy

    /// @return empty if the proxy does not answer
    private Optional<List<Candidate>> candidates(ProxyConfig of, PrintWriter err) {
        var known = new TreeSet<>(of.admin().users());
        if (known.isEmpty()) known.addAll(of.admin().statsUsers());
        String who = consoleUser != null ? consoleUser : known.isEmpty() ? "" : known.first();
        if (who.isEmpty()) {
            err.println("warning: admin.users and admin.stats-users are empty: the proxy's console cannot be asked what passes through, the advice is on the servers alone");
            return Optional.empty();
        }
        Optional<Secret> password = UserSecrets.load(of.auth(), Optional.empty(), Runnable::run).fromFile(who)
                .flatMap(stored -> stored instanceof StoredSecret.Plain(var secret) ? Optional.of(secret) : Optional.empty());
        try (Connection console = AdviseConnections.console(of.listen(), who, password)) {
            return Optional.of(Candidate.ask(console));
        } catch (SQLException e) {
            err.println("warning: the proxy's console at " + of.listen().address() + ":" + of.listen().port() + " does not say what passes through (" + e.getMessage()
                    + "): the advice is on the servers alone");
            return Optional.empty();
        }
    }

    // --- the servers

    private boolean ask(ProxyConfig of, ClusterConfig cluster, List<Candidate> candidates, List<AdvicePrinting.Place> places, PrintWriter err) {
        Set<NodeAddress> nodes = new LinkedHashSet<>(cluster.nodes());
        cluster.patroni().ifPresent(patroni -> nodes.addAll(new PatroniCheck(cluster.name(), patroni, new ArrayList<>()).ask()));
        Optional<MonitorConfig> monitor = cluster.monitor();
        String first = databases.stream().filter(name -> isIn(of, name, cluster)).findFirst().map(name -> backendName(of, name)).or(() -> monitor.map(MonitorConfig::database)).orElse("postgres");
        List<String> names;
        try (Connection server = connect(cluster, nodes, first)) {
            places.add(new AdvicePrinting.Place("cluster " + cluster.name(), SettingsAdvice.of(server)));
            names = names(of, cluster, server, candidates);
        } catch (SQLException e) {
            err.println("error: cluster " + cluster.name() + ", database " + first + ": " + e.getMessage());
            return false;
        }
        boolean allAnswer = true;
        for (String name : names) {
            try (Connection server = connect(cluster, nodes, backendName(of, name))) {
                places.add(new AdvicePrinting.Place("cluster " + cluster.name() + ", database " + name, database(server, candidates.stream().filter(one -> one.database().equals(name)).toList())));
            } catch (SQLException e) {
                err.println("error: cluster " + cluster.name() + ", database " + name + ": " + e.getMessage());
                allAnswer = false;
            }
        }
        return allAnswer;
    }

    private Connection connect(ClusterConfig cluster, Set<NodeAddress> nodes, String database) throws SQLException {
        Optional<MonitorConfig> monitor = cluster.monitor();
        Optional<Secret> password = user == null || monitor.isPresent() && monitor.get().user().equals(user) ? monitor.flatMap(MonitorConfig::password) : Optional.empty();
        return AdviseConnections.primary(cluster, nodes, user != null ? user : monitor.orElseThrow().user(), password, database);
    }

    /// Which databases are looked into, named as clients name them.
    private List<String> names(ProxyConfig of, ClusterConfig cluster, Connection server, List<Candidate> candidates) throws SQLException {
        if (!databases.isEmpty()) return databases.stream().filter(name -> isIn(of, name, cluster)).distinct().toList();
        var names = new LinkedHashSet<String>();
        candidates.stream().map(Candidate::database).filter(name -> isIn(of, name, cluster)).forEach(names::add);
        of.databases().stream().filter(one -> !one.isWildcard() && one.cluster().equals(cluster.name())).map(DatabaseConfig::name).forEach(names::add);
        boolean wildcard = of.databases().stream().anyMatch(one -> one.isWildcard() && one.cluster().equals(cluster.name()));
        if (wildcard && names.isEmpty()) {
            try (Statement statement = server.createStatement(); var rows = statement.executeQuery("select datname from pg_catalog.pg_database where datallowconn and not datistemplate order by 1 limit " + DATABASES_MAX)) {
                while (rows.next()) names.add(rows.getString(1));
            }
        }
        return List.copyOf(names);
    }

    private static Optional<DatabaseConfig> database(ProxyConfig of, String name) {
        return of.databases().stream().filter(one -> one.name().equals(name)).findFirst().or(() -> of.databases().stream().filter(DatabaseConfig::isWildcard).findFirst());
    }

    private static boolean isIn(ProxyConfig of, String name, ClusterConfig cluster) {
        return database(of, name).filter(one -> one.cluster().equals(cluster.name())).isPresent();
    }

    private static String backendName(ProxyConfig of, String name) {
        return database(of, name).flatMap(DatabaseConfig::backendName).orElse(name);
    }

    private static List<Advice> database(Connection server, List<Candidate> candidates) throws SQLException {
        var all = new ArrayList<Advice>();
        Set<Long> tables = new LinkedHashSet<>();
        for (Candidate candidate : candidates) {
            if (!candidate.isOne()) continue;
            Optional<Long> oid = CoalesceAdvice.oidOf(server, candidate);
            if (oid.isEmpty()) continue;
            all.add(CoalesceAdvice.of(server, candidate, oid.get()));
            tables.add(oid.get());
        }
        tables.addAll(SchemaAdvice.insertHeavy(server, SchemaAdvice.Sizes.USUAL));
        for (long oid : tables) all.addAll(SchemaAdvice.of(server, oid, SchemaAdvice.Sizes.USUAL));
        return all;
    }
}
