package org.pgkeel.proxy.session;

/// A client that waits to ask again what a backend that was lost has not answered.
///
/// @param suppressed replies that it has already
record Comeback(int suppressed) {}
