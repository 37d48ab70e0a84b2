package org.pgkeel.proxy.login;

import org.pgkeel.protocol.auth.Md5Password;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.proxy.config.Secret;

/// What is kept of a user's password, in one of the forms of `pg_authid.rolpassword`. Shows nothing of itself in logs.
/// <https://www.postgresql.org/docs/current/catalog-pg-authid.html>
public sealed interface StoredSecret {

    /// The password itself.
    record Plain(Secret password) implements StoredSecret {}

    /// `md5` and 32 hex digits.
    record Md5(Secret hash) implements StoredSecret {}

    /// `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
    record Scram(ScramVerifier verifier) implements StoredSecret {}

    /// Tells the form by the text, as PostgreSQL does: what is neither of the others is a plain password.
    static StoredSecret of(String text) {
        if (Md5Password.isSecret(text)) return new Md5(new Secret(text));
        return ScramVerifier.parse(text).<StoredSecret>map(Scram::new).orElseGet(() -> new Plain(new Secret(text)));
    }
}
