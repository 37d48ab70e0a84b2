package org.pgkeel.proxy.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.server.ProxyServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `pgkeel run --config FILE`: the proxy in the foreground, until SIGTERM.
@Command(name = "run", description = "Run the proxy in the foreground.", mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The configuration, see conf/README.md.")
    private Path config = Path.of("proxy.conf");

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        var running = new CompletableFuture<ProxyServer>();
        Signals.onReload(() -> running.join().reload());   // before anything that takes time: nobody who asks for a reload means to kill
        ConfigLoader loader = new ConfigLoader(System.getenv());
        ConfigResult result = loader.load(config);
        ConfigPrinting.print(result, err);
        return switch (result) {
            case ConfigResult.Rejected _ -> ExitCode.CONFIG;
            case ConfigResult.Loaded loaded -> serve(loaded, loader, running, err);
        };
    }

    /// Runs until SIGTERM, SIGINT or the console's SHUTDOWN, a second one ends the wait for transactions; SIGHUP reloads.
    /// @param loader  reads the same file again for a reload
    /// @param running completes when there is something to reload
    private int serve(ConfigResult.Loaded loaded, ConfigLoader loader, CompletableFuture<ProxyServer> running, PrintWriter err) {
        ProxyServer server;
        try {
            server = ProxyServer.start(loaded, loader, config);
        } catch (IOException | RuntimeException unable) {
            err.println("pgkeel: " + unable.getMessage());
            err.flush();
            return ExitCode.UNAVAILABLE;
        }
        var ended = new CompletableFuture<Integer>();
        running.complete(server);
        Signals.onTerminate(() -> {
            if (!ended.complete(ExitCode.OK)) server.hurry();
        });
        server.shutdownAsked().thenRun(() -> ended.complete(ExitCode.OK));
        server.exhausted().thenRun(() -> ended.complete(ExitCode.OUT_OF_MEMORY));
        int code = ended.join();
        if (code == ExitCode.OK) server.close();   // else there is nothing left to do that with
        return code;
    }
}
