package org.pgkeel.proxy.admin;

/// How patient a shutdown is.
public enum ShutdownMode {
    /// No new clients; ends when every backend connection has been released.
    WAIT_FOR_SERVERS,
    /// No new clients; ends when every client has gone.
    WAIT_FOR_CLIENTS,
    /// Ends now.
    IMMEDIATE
}
