package org.pgkeel.bench.client;

import java.util.List;
import java.util.Optional;

/// What came up to a ReadyForQuery.
///
/// @param rows  of all statements, in order; a NULL is an empty text
/// @param error the first, if there was one
public record Reply(List<List<String>> rows, Optional<ServerError> error) {}
