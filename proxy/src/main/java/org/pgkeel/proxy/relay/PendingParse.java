package org.pgkeel.proxy.relay;

import org.pgkeel.proxy.prepare.SharedStatement;

/// A Parse on its way to a backend.
///
/// @param name the client's name for the statement, empty for the unnamed one or when the client did not ask for it
public record PendingParse(SharedStatement statement, byte[] name) {}
