package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.client.Login;

/// One PostgreSQL and the proxies in front of it, in a folder of their own: for one run, and ended with it or on Ctrl-C, last first.
///
/// Threading: confined to one thread.
public final class Rig implements AutoCloseable {
    private static final Duration PROXY_START_LIMIT = Duration.ofSeconds(60);

    private final Cleanup cleanup;
    private final WorkFolder work;
    private final PostgresServer postgres;

    private Rig(Cleanup cleanup, WorkFolder work, PostgresServer postgres) {
        this.cleanup = cleanup;
        this.work = work;
        this.postgres = postgres;
    }

    /// @return when PostgreSQL answers
    /// @throws IOException if it does not; then nothing is left running
    public static Rig start(PostgresServer.Options options) throws IOException {
        var cleanup = new Cleanup();
        try {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            return new Rig(cleanup, work, cleanup.add(PostgresServer.start(work, options)));
        } catch (IOException | RuntimeException e) {
            cleanup.close();
            throw e;
        }
    }

    public WorkFolder work() {
        return work;
    }

    public PostgresServer postgres() {
        return postgres;
    }

    /// PostgreSQL with nothing in front.
    public Target direct() {
        return new Target.Direct(postgres);
    }

    /// @param name     `pgkeel`, or a variant's name
    /// @param launcher of PgKeel
    /// @param variant  see [PgKeel]
    public PgKeel pgKeel(String name, Path launcher, String variant) throws IOException {
        return new PgKeel(name, launcher, variant, work, postgres);
    }

    /// @param chosen   see [PgBouncer#find]
    /// @param poolSize backends at most
    public PgBouncer pgBouncer(Optional<Path> chosen, int poolSize) throws IOException {
        return PgBouncer.find(chosen, work, postgres, poolSize);
    }

    /// @param login of the query that it has to answer
    /// @return when it has
    public RunningProxy start(ProxyProgram program, Login login) throws IOException {
        RunningProxy proxy = add(program.start());
        proxy.awaitFirstQuery(login, PROXY_START_LIMIT);
        return proxy;
    }

    /// It ends with the rig, before all that was there already.
    public <T extends AutoCloseable> T add(T started) {
        return cleanup.add(started);
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
