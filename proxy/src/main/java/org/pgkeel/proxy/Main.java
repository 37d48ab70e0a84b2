package org.pgkeel.proxy;

import org.pgkeel.proxy.command.PgKeelCommand;

/// The command line.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // The JDK's word is 30 s: as long would connections go to a server whose name means another by now. And while no name server answers, the addresses known last are
        // better than none. In seconds; whoever sets the JDK's own keys, or these with PGKEEL_JAVA_OPTS, is heard.
        setUnlessSet("sun.net.inetaddr.ttl", "5");
        setUnlessSet("sun.net.inetaddr.stale.ttl", "3600");
        System.exit(PgKeelCommand.commandLine().execute(args));
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) System.setProperty(property, value);
    }
}
