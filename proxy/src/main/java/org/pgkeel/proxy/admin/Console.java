package org.pgkeel.proxy.admin;

import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.EventExecutor;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.wire.FrameDecoder;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.proxy.config.AdminConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The SQL console: serves the clients of the database `pgkeel` (alias `pgbouncer`).
///
/// Threading: shared; sessions are confined to their channel's event loop.
public final class Console {
    /// The databases that are the console; never forwarded.
    public static final Set<String> DATABASES = Set.of("pgkeel", "pgbouncer");
    /// Commands are short; nothing longer than this is read.
    static final int MESSAGE_BYTES_MAX = 65_536;

    private static final Logger LOG = LoggerFactory.getLogger(Console.class);

    private final Operations operations;
    private final Supplier<AdminConfig> config;
    private final Clock clock;
    private final ShowSources sources;

    /// @param config the configuration in force; asked at each login, so that a reload counts
    public Console(Operations operations, Supplier<AdminConfig> config, Clock clock) {
        this.operations = operations;
        this.config = config;
        this.clock = clock;
        this.sources = new ShowSources(operations, new StatsPeriod(clock.instant()));
    }

    /// What a user may do here; empty: not allowed to log in to the console at all.
    public Optional<ConsoleRole> roleOf(String user) {
        AdminConfig now = config.get();
        if (now.users().contains(user)) return Optional.of(ConsoleRole.ADMIN);
        return now.statsUsers().contains(user) ? Optional.of(ConsoleRole.STATS) : Optional.empty();
    }

    /// What a client of the console is told at login, before the first ReadyForQuery.
    public static List<ParameterStatus> parameters() {
        return ConsoleParameters.atLogin();
    }

    /// Takes over a channel whose client has logged in and has been sent ReadyForQuery. What the pipeline passes on must be
    /// bytes; any decoder of the login phase is gone.
    /// @return the session, for a cancel request that names it
    public ConsoleSession serve(ChannelPipeline pipeline, String user, ConsoleRole role) {
        var session = new ConsoleSession(sources, user, role);
        pipeline.addLast(new FrameDecoder(FrameLimits.frontend(MESSAGE_BYTES_MAX)), session);
        return session;
    }

    /// Begins to sample the counters for the averages of SHOW STATS, on this executor until it shuts down.
    public void startAverages(EventExecutor executor) {
        long seconds = StatsPeriod.LENGTH.toSeconds();
        executor.scheduleAtFixedRate(this::sample, seconds, seconds, TimeUnit.SECONDS);
    }

    private void sample() {
        operations.stats().thenAcceptBoth(operations.coalesced(), (pools, coalesced) -> sources.period().sample(pools, coalesced, clock.instant())).exceptionally(failure -> {
            LOG.warn("no statistics for the averages of SHOW STATS", failure);
            return null;
        });
    }
}
