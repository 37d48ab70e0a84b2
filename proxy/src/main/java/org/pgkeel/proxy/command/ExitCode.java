package org.pgkeel.proxy.command;

/// Exit codes as in `sysexits.h`, which service managers and scripts know.
final class ExitCode {
    static final int OK = 0;
    /// There is no memory for anybody, and none comes back. The JVM says the same of its heap (`-XX:+ExitOnOutOfMemoryError`).
    static final int OUT_OF_MEMORY = 3;
    /// The command line is wrong.
    static final int USAGE = 64;
    /// An input file is missing or not readable.
    static final int NO_INPUT = 66;
    /// Something that is needed does not answer.
    static final int UNAVAILABLE = 69;
    /// Our bug.
    static final int SOFTWARE = 70;
    /// An output file cannot be written.
    static final int CANNOT_CREATE = 73;
    /// The configuration is wrong.
    static final int CONFIG = 78;

    private ExitCode() {}
}
