package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// A Parse on its way to a backend.
///
/// @param name   the client's name for the statement, empty for the unnamed one; null when the client did not ask for it
/// @param before what had that name before
public record PendingParse(SharedStatement statement, byte @Nullable [] name, @Nullable SharedStatement before) {
    /// A Parse that the client did not ask for.
    public static PendingParse ofTheProxy(SharedStatement statement) {
        return new PendingParse(statement, null, null);
    }
}
