package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
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
        ConfigLoader loader = new ConfigLoader(System.getenv());
        ConfigResult result = loader.load(config);
        ConfigPrinting.print(result, err);
        return switch (result) {
            case ConfigResult.Rejected _ -> ExitCode.CONFIG;
            case ConfigResult.Loaded loaded -> serve(loaded, loader, err);
        };
    }

    /// The one place where the server starts.
    /// @param loader reads the same file again for a reload
    private int serve(ConfigResult.Loaded loaded, ConfigLoader loader, PrintWriter err) {
        err.println("this build has no server, the configuration is fine");
        return ExitCode.UNAVAILABLE;
    }
}
