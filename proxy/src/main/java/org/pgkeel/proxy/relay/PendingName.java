package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// A change of the client's names that an earlier error can still undo: the server skips what follows an error, so the change must not
/// be seen to have happened.
///
/// @param name   the client's, empty for the unnamed statement
/// @param before what had that name before
public record PendingName(byte[] name, @Nullable SharedStatement before) {}
