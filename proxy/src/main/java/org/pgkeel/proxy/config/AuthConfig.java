package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Who may connect: the `auth.*` keys.
///
/// @param method    the method where no rule fits
/// @param rules     as in `pg_hba.conf`, first match wins
/// @param usersFile lines of `"user" "secret"`, the secret plain, `md5...` or `SCRAM-SHA-256$...`
/// @param query     look users up in PostgreSQL that the file does not have
/// @param pendingMax logins that may be under way at once
public record AuthConfig(AuthMethod method, List<AuthRule> rules, Optional<Path> usersFile, Optional<AuthQuery> query, int pendingMax) {
    /// @param user     connects to run the query; its secret is in the users file
    /// @param database where it runs; the client's database if empty
    /// @param query    one parameter, the user's name; answers (name, secret)
    /// @param cacheFor how long an answer is used again
    public record AuthQuery(String user, Optional<String> database, String query, Duration cacheFor) {}
}
