package org.pgkeel.proxy;

/// The command line.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.err.println("usage: pgkeel run|demo|check|convert|version");
        System.exit(64);
    }
}
