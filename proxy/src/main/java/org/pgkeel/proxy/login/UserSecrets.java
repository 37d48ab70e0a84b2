package org.pgkeel.proxy.login;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CompletableFuture;

/// Where the secrets of users come from: the users file, else the auth-query. Threading: shared, immutable but for caches.
public final class UserSecrets {

    /// The secret of a user, if the user is known.
    public CompletionStage<Optional<StoredSecret>> lookup(String user, String database) {
        return CompletableFuture.completedStage(Optional.empty());
    }
}
