package org.pgkeel.proxy.cluster;

/// What made somebody doubt that a server is (still) the primary.
public enum DoubtReason {
    /// A backend connection ended without a word.
    CONNECTION_LOST("connection_lost"),
    /// A new backend connection could not be made.
    CONNECT_FAILED("connect_failed"),
    /// `57P01`: it is being shut down, or an administrator ended the session.
    ADMIN_SHUTDOWN("admin_shutdown"),
    /// `57P02`: a backend of it crashed.
    CRASH_SHUTDOWN("crash_shutdown"),
    /// `57P03`: it is starting, stopping or recovering.
    CANNOT_CONNECT_NOW("cannot_connect_now"),
    /// A new backend connection finds it in recovery.
    READ_ONLY("read_only"),
    /// A new backend connection has reached another server than the proxy's own connection to the same address, or another run of it.
    OTHER_SERVER("other_server"),
    /// The proxy's own connection to it was lost.
    MONITOR_LOST("monitor_lost"),
    /// It does not answer the proxy's own questions in time.
    MONITOR_TIMEOUT("monitor_timeout");

    private final String word;

    DoubtReason(String word) {
        this.word = word;
    }

    /// In logs, metrics and the console.
    public String word() {
        return word;
    }
}
