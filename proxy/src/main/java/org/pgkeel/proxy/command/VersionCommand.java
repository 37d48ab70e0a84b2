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
        out.println("PgKeel " + ProductVersion.pgkeel());
        out.println("Java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")");
        out.println("Netty " + ProductVersion.netty());
        out.flush();
        return ExitCode.OK;
    }
}
