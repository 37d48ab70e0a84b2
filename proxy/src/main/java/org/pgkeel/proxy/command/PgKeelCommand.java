package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.pgkeel.proxy.server.ProxyServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `pgkeel`, the word in front of the others. Alone it prints the usage.
@Command(name = "pgkeel", description = "A high-availability proxy for PostgreSQL.", mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class PgKeelCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private PgKeelCommand() {}

    /// The whole command line; `execute` answers the exit code.
    public static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new PgKeelCommand());
        commandLine.addSubcommand(new RunCommand());
        commandLine.addSubcommand(new DemoCommand(ProxyServer::start));
        commandLine.addSubcommand(new TrainCommand(ProxyServer::start));
        commandLine.addSubcommand(new CheckCommand());
        commandLine.addSubcommand(new ExplainCommand());
        commandLine.addSubcommand(new AdviseCommand());
        commandLine.addSubcommand(new ConvertCommand());
        commandLine.addSubcommand(new VersionCommand());
        commandLine.addSubcommand(new CommandLine.HelpCommand());
        commandLine.getSubcommands().values().forEach(sub -> common(sub.getCommandSpec()));
        common(commandLine.getCommandSpec());
        commandLine.setExecutionExceptionHandler((exception, failed, _) -> {
            exception.printStackTrace(failed.getErr());
            return ExitCode.SOFTWARE;
        });
        return commandLine;
    }

    private static void common(CommandSpec command) {
        command.exitCodeOnInvalidInput(ExitCode.USAGE);
        command.version(VersionCommand.lines());
    }

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        spec.commandLine().usage(err);
        return ExitCode.USAGE;
    }
}
