package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.pgkeel.proxy.config.ProductVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `pgkeel version`: what to write into a bug report.
@Command(name = "version", description = "Print the versions of PgKeel, Java and Netty.", mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (String line : lines()) out.println(line);
        out.flush();
        return ExitCode.OK;
    }

    /// As `--version` prints them, too.
    static String[] lines() {
        return new String[] {"PgKeel " + ProductVersion.pgkeel(), "Java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")", "Netty " + ProductVersion.netty()};
    }
}
