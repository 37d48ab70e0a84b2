package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException;
import org.pgkeel.proxy.embedded.ServerAccount;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `pgkeel demo`: a PostgreSQL primary, its streaming replica and the proxy in front of them, until Ctrl-C.
@Command(name = "demo", description = "Start PostgreSQL (a primary and a replica) and the proxy, to try PgKeel out.", mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private final ProxyStart proxy;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--port", defaultValue = "6432", paramLabel = "PORT", description = "Port of the proxy (default: ${DEFAULT-VALUE}).")
    private int port = 6432;

    @Option(names = "--reset", description = "Throw away the data of earlier runs first.")
    private boolean reset;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder of the data (default: ~/.pgkeel/demo).")
    private @Nullable Path data;

    /// @param proxy starts the proxy itself
    DemoCommand(ProxyStart proxy) {
        this.proxy = proxy;
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut(), err = spec.commandLine().getErr();
        if (port < 1 || port > 0xffff) {
            err.println("error: --port: expected 1 to 65535, got " + port);
            return ExitCode.USAGE;
        }
        Instant begin = Instant.now();
        try {
            ServerAccount account = ServerAccount.pick();
            Path home = DataFolder.home(account);
            Path folder = Optional.ofNullable(data).map(Path::toAbsolutePath).orElse(home.resolve("demo"));
            if (account.isOther()) {
                err.println("PostgreSQL refuses to run as root: it runs as the user " + account.name() + ", its data is in " + folder);
                err.flush();
            }
            Demo demo = Demo.start(new Demo.Options(port, folder, home.resolve("cache"), reset), account, proxy, step -> {
                err.println("  " + step);
                err.flush();
            });
            var ended = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop demo").unstarted(() -> {
                demo.close();
                ended.countDown();
            }));
            out.println(demo.instructions(Duration.between(begin, Instant.now())));
            out.flush();
            ended.await();
            return ExitCode.OK;
        } catch (EmbeddedPostgresException e) {
            err.println("error: " + e.getMessage());
            return ExitCode.UNAVAILABLE;
        }
    }
}
