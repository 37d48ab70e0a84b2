package org.pgkeel.proxy;

import org.pgkeel.proxy.command.PgKeelCommand;

/// The command line.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(PgKeelCommand.commandLine().execute(args));
    }
}
