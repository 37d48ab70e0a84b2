package org.pgkeel.proxy.login;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Asks PostgreSQL for a user's secret. A failed stage means that PostgreSQL could not be asked.
public interface AuthQuery {
    /// @param database the client's, for an `auth-query` that names none
    CompletionStage<Optional<StoredSecret>> lookup(String user, String database);
}
