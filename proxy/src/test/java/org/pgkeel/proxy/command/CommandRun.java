package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/// What one command line answered.
record CommandRun(int exitCode, String out, String err) {
    static CommandRun of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = PgKeelCommand.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        commandLine.getSubcommands().values().forEach(sub -> sub.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)));
        int exitCode = commandLine.execute(arguments);
        return new CommandRun(exitCode, out.toString(), err.toString());
    }
}
