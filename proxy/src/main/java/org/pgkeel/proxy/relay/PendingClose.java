package org.pgkeel.proxy.relay;

import org.pgkeel.proxy.prepare.SharedStatement;

/// A Close of the proxy's own on its way to a backend: if an error makes the backend skip it, the statement is still there.
public record PendingClose(SharedStatement statement) {}
