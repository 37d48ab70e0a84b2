package org.pgkeel.proxy.command;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.PORT_IN_USE;
import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.SERVER_FAILED;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigProblem;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.EmbeddedPostgres;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;

/// A running demo. Everything listens on this machine only, so its passwords are no secrets.
/// Threading: [#close] may be called by any thread, once.
final class Demo implements AutoCloseable {
    private static final String ADDRESS = "127.0.0.1";
    private static final String USER = "app";
    private static final int ADMIN_PORT = 9632;

    /// @param port   the proxy's
    /// @param folder of the data and of the proxy's configuration
    /// @param cache  where PostgreSQL's programs are unpacked
    /// @param reset  throw earlier data away
    record Options(int port, Path folder, Path cache, boolean reset) {}

    private final Options options;
    private final EmbeddedPostgres postgres;
    private final AutoCloseable proxy;

    private Demo(Options options, EmbeddedPostgres postgres, AutoCloseable proxy) {
        this.options = options;
        this.postgres = postgres;
        this.proxy = proxy;
    }

    /// @param progress told what is being done
    /// @throws EmbeddedPostgresException with what to do, if something that is needed cannot be had
    static Demo start(Options options, ServerAccount account, ProxyStart proxyStart, Consumer<String> progress) {
        if (!isFree(options.port())) {
            throw new EmbeddedPostgresException(PORT_IN_USE, "Port " + options.port() + " is in use by another program. Stop that program, or choose another port: pgkeel demo --port 7432");
        }
        DataFolder.prepare(options.cache(), account);
        if (options.reset()) {
            EmbeddedPostgres.reset(account, options.folder());
        }
        PostgresTree tree = PostgresTree.fromClassPath(options.cache());
        int primaryPort = portNear(options.port() + 1);
        var settings = new ServerSettings(ADDRESS, primaryPort, "postgres", "postgres", Map.of("shared_buffers", "64MB", "max_slot_wal_keep_size", "1GB"),
                ServerSettings.SCRAM_HBA);
        EmbeddedPostgres postgres = EmbeddedPostgres.start(tree, account, options.folder(), settings, portNear(primaryPort + 1), progress);
        try {
            makeUser(postgres.primary());
            progress.accept("starting the proxy on port " + options.port());
            return new Demo(options, postgres, proxyStart.start(configuration(options, postgres)));
        } catch (Exception e) {
            postgres.close();
            throw e instanceof EmbeddedPostgresException known ? known
                    : new EmbeddedPostgresException(SERVER_FAILED, "The proxy did not start: " + e);
        }
    }

    /// What to type next.
    String instructions(Duration startedIn) {
        String url = "postgresql://" + USER + ":" + USER + "@" + ADDRESS + ":";
        ServerSettings primary = postgres.primary().settings(), replica = postgres.replica().settings();
        return """

                PgKeel listens on port %1$d (after %2$.1f s).

                  psql      psql "%3$s%1$d/%4$s"
                  JDBC      jdbc:postgresql://%5$s:%1$d/%4$s?user=%4$s&password=%4$s
                  console   psql "%3$s%1$d/pgkeel" -c "show pools"

                  primary   port %6$d, process %7$d, log %8$s/server.log
                  replica   port %9$d, process %10$d, log %11$s/server.log
                  settings  %12$s

                Kill the primary:  kill -9 %7$d
                Nobody promotes the replica here: clients get errors until the demo is started again, and nothing
                that was committed is lost. With Patroni they wait for the new primary: see README, "Survive a failover".

                Ctrl-C stops everything.""".formatted(options.port(), startedIn.toMillis() / 1000.0, url, USER, ADDRESS,
                primary.port(), postgres.primary().pid(), postgres.primary().folder(), replica.port(), postgres.replica().pid(), postgres.replica().folder(),
                options.folder().resolve("proxy.conf"));
    }

    EmbeddedPostgres postgres() {
        return postgres;
    }

    @Override
    public void close() {
        try (postgres) {
            proxy.close();
        } catch (Exception e) {
            throw new IllegalStateException("the proxy did not stop", e);
        }
    }

    private static void makeUser(PostgresServer primary) {
        primary.execute("postgres", "do $$ begin if not exists (select from pg_roles where rolname = '" + USER + "') then create role " + USER
                + " login password '" + USER + "'; end if; end $$");
        boolean exists = primary.query("postgres", "select count(*) from pg_database where datname = '" + USER + "'").equals("1");
        if (!exists) {
            primary.execute("postgres", "create database " + USER + " owner " + USER);
        }
    }

    private static ProxyConfig configuration(Options options, EmbeddedPostgres postgres) {
        Path file = options.folder().resolve("proxy.conf"), users = options.folder().resolve("users.txt");
        try {
            Files.writeString(users, "\"" + USER + "\" \"" + USER + "\"\n");
            Files.writeString(file, """
                    # Written by `pgkeel demo` at every start. Copy it to try settings out: pgkeel run --config FILE
                    listen { address = "%1$s", port = %2$d }
                    admin { address = "%1$s", port = %3$d, users = [%4$s] }
                    clusters { demo { nodes = ["%1$s:%5$d", "%1$s:%6$d"] } }
                    databases { "*" { cluster = demo, pool { max = 20 } } }
                    auth { method = scram-sha-256, users-file = "users.txt" }
                    """.formatted(ADDRESS, options.port(), portNear(ADMIN_PORT), USER, postgres.primary().settings().port(), postgres.replica().settings().port()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write in " + options.folder(), e);
        }
        return switch (new ConfigLoader(Map.of()).load(file)) {
            case ConfigResult.Loaded loaded -> loaded.config();
            case ConfigResult.Rejected(List<ConfigProblem> problems, _) ->
                    throw new IllegalStateException(problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("; ")));
        };
    }

    /// This port if nobody has it, else any that is free.
    private static int portNear(int port) {
        return port <= 0xffff && isFree(port) ? port : ServerSettings.freePort();
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(ADDRESS, port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
