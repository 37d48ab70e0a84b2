package org.pgkeel.proxy.command;

import sun.misc.Signal;

/// The signals that a server in the foreground listens to. The JDK has no other door to them.
final class Signals {
    private Signals() {}

    /// SIGHUP; where the platform has none, nothing happens.
    static void onReload(Runnable action) {
        handle("HUP", action);
    }

    /// SIGTERM and SIGINT.
    static void onTerminate(Runnable action) {
        handle("TERM", action);
        handle("INT", action);
    }

    private static void handle(String name, Runnable action) {
        try {
            Signal.handle(new Signal(name), _ -> Thread.ofPlatform().name("pgkeel-signal-" + name).start(action));
        } catch (IllegalArgumentException unknownHere) {
            // No such signal on this platform, or the JVM keeps it for itself.
        }
    }
}
