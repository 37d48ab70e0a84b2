package org.pgkeel.bench.fuzz;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.PgKeel;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Rig;
import org.pgkeel.bench.cluster.RunningProxy;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command line of `bench/bin/fuzz`.
@Command(name = "fuzz", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Throws malformed, oversized, cut-off, mutated and out-of-order messages at a PgKeel while a well-behaved client watches. "
                + "Every input has to end in an ErrorResponse, a normal reply or a closed socket; the other client must notice nothing; memory stays bounded.",
        exitCodeListHeading = "Exit codes:%n", exitCodeList = {"0:nothing found", "1:an offence was found, or it did not run", "2:wrong options"})
public final class Fuzz implements Callable<Integer> {
    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);
    private static final long QUICK_INPUTS = 200_000;
    private static final int SLOW_LOGINS = 60;

    @Option(names = "--inputs", paramLabel = "N", description = "How many (default: 1000000; with --quick 200000).")
    private Optional<Long> count = Optional.empty();

    @Option(names = "--seed", paramLabel = "N", description = "The same seed throws the same inputs (default: the clock's).")
    private Optional<Long> chosenSeed = Optional.empty();

    @Option(names = "--replay", paramLabel = "INDEX", description = "Throw only this input of the seed, and say how it ended.")
    private Optional<Long> replay = Optional.empty();

    @Option(names = "--quick", description = "About three minutes.")
    private boolean quick;

    @Option(names = "--workers", paramLabel = "N", defaultValue = "16", description = "Connections at once (default: ${DEFAULT-VALUE}).")
    private int workers;

    @Option(names = "--limit-ms", paramLabel = "N", defaultValue = "10000", description = "In which every input has to end (default: ${DEFAULT-VALUE}).")
    private long limitMillis;

    @Option(names = "--stall-ms", paramLabel = "N", defaultValue = "1000", description = "Longest wait of the well-behaved client (default: ${DEFAULT-VALUE}).")
    private long stallMillis;

    @Option(names = "--memory-mib", paramLabel = "N", defaultValue = "400", description = "Resident memory of the proxy at most (default: ${DEFAULT-VALUE}).")
    private int memoryMib;

    @Option(names = "--target", paramLabel = "HOST:PORT", description = "Something on this machine that runs already, in place of a PgKeel of our own; "
            + "it needs user fuzz (trust), user bench (SCRAM, password bench-secret) and database bench.")
    private Optional<String> target = Optional.empty();

    @Option(names = "--direct", description = "Throw at PostgreSQL itself: shows what is the inputs' fault.")
    private boolean direct;

    @Option(names = "--pgkeel", paramLabel = "PATH", defaultValue = "${sys:pgkeel.launcher}", description = "PgKeel's launcher (default: proxy/bin/pgkeel).")
    private Path pgkeel = Path.of("");

    @Option(names = "--json", paramLabel = "FILE", description = "The summary, also into this file.")
    private Optional<Path> json = Optional.empty();

    private final Login trusted = new Login(PostgresServer.TRUSTED_USER, "", PostgresServer.DATABASE);
    private final Login challenged = new Login(PostgresServer.USER, PostgresServer.PASSWORD, PostgresServer.DATABASE);

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new Fuzz(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        long seed = chosenSeed.orElseGet(System::currentTimeMillis);
        say("seed " + seed);
        if (target.isPresent()) return run(seed, address(target.get()), OptionalLong.empty(), Optional.empty());
        try (Rig rig = Rig.start(PostgresServer.Options.forPgbench(1))) {
            PostgresServer postgres = rig.postgres();
            postgres.sql(PostgresServer.DATABASE, "create table fuzz (line text); grant all on fuzz to " + PostgresServer.TRUSTED_USER);
            if (direct) return run(seed, loopback(postgres.port()), OptionalLong.empty(), Optional.empty());
            RunningProxy proxy = rig.start(rig.pgKeel("pgkeel", pgkeel, configuration(rig.work(), postgres)), challenged);
            return run(seed, loopback(proxy.port()), proxy.proxyPid(), Optional.of(new ProxyLog(proxy.log())));
        }
    }

    private Integer run(long seed, InetSocketAddress address, OptionalLong proxyPid, Optional<ProxyLog> log) throws Exception {
        var inputs = new HostileInputs(seed, trusted.user(), trusted.database());
        var thrower = new Throw(address, trusted, challenged, Duration.ofMillis(limitMillis));
        if (replay.isPresent()) return replay(inputs.input(replay.get()), thrower);
        var plan = new FuzzRun.Plan(0, count.orElse(quick ? QUICK_INPUTS : 1_000_000L), workers, memoryMib, proxyPid, log);
        var control = new ControlClient(address, challenged, Duration.ofMillis(stallMillis));
        FuzzRun.Summary summary = new FuzzRun(plan, inputs, thrower, control, Fuzz::say).run();
        Optional<String> offence = summary.offence();
        if (offence.isEmpty() && proxyPid.isPresent()) {
            say(SLOW_LOGINS + " logins that never end, closed after " + LOGIN_TIMEOUT.toSeconds() + " s each");
            offence = new SlowLogins(address, ValidMessages.startup(trusted.user(), trusted.database(), new SplittableRandom(seed)), LOGIN_TIMEOUT).run(SLOW_LOGINS, seed);
        }
        if (offence.isEmpty() && log.isPresent()) offence = log.get().nextBug();
        return report(seed, summary, offence);
    }

    private Integer report(long seed, FuzzRun.Summary summary, Optional<String> offence) throws IOException {
        System.out.printf("seed %d: %,d inputs%n  ended: %s%n  kinds: %s%n  control client: %,d queries, slowest %.1f ms%n  proxy memory at most %.0f MiB%n",
                seed, summary.thrown(), summary.outcomes(), summary.kinds(), summary.controlQueries(), summary.controlSlowestMillis(), summary.peakMib());
        System.out.println(offence.map(o -> "OFFENCE " + o + "\nagain: bench/bin/fuzz --seed " + seed + " --replay INDEX").orElse("nothing found"));
        if (json.isPresent()) {
            var document = new LinkedHashMap<String, Object>();
            document.put("seed", seed);
            document.put("inputs", summary.thrown());
            document.put("outcomes", summary.outcomes());
            document.put("kinds", summary.kinds());
            document.put("control_queries", summary.controlQueries());
            document.put("control_slowest_ms", summary.controlSlowestMillis());
            document.put("proxy_peak_mib", summary.peakMib());
            document.put("offence", offence.orElse(""));
            Files.writeString(json.get(), Json.write(document) + "\n");
        }
        return offence.isPresent() ? 1 : 0;
    }

    private static Integer replay(HostileInput input, Throw thrower) {
        System.out.println(input);
        Outcome outcome = thrower.of(input);
        System.out.println(outcome);
        return outcome instanceof Outcome.Offence ? 1 : 0;
    }

    /// Trust for the fuzzer's own user, and a short login, so that the slow ones need not be waited for long.
    private static String configuration(WorkFolder work, PostgresServer postgres) throws IOException {
        Path users = work.path().resolve("fuzz-users.txt");
        Files.writeString(users, "\"%s\" \"%s\"\n\"%s\" \"%s\"\n".formatted(
                PostgresServer.USER, postgres.scramVerifier(), PostgresServer.TRUSTED_USER, PostgresServer.PASSWORD));
        return """
                auth { users-file = "%s", rules = [ { type = host, user = [%s], method = trust } ] }
                timeouts.login = %ds
                """.formatted(users, PostgresServer.TRUSTED_USER, LOGIN_TIMEOUT.toSeconds());
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        var address = new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
        if (!address.getAddress().isLoopbackAddress()) throw new IllegalArgumentException("--target: only a loopback address may be fuzzed");
        return address;
    }

    private static void say(String text) {
        System.err.println(text);
    }
}
