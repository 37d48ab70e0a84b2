package org.pgkeel.proxy.login;

import org.pgkeel.proxy.config.Secret;

/// What is kept of a user's password, in one of the forms of `pg_authid.rolpassword`. Shows nothing of itself in logs.
/// <https://www.postgresql.org/docs/current/catalog-pg-authid.html>
public sealed interface StoredSecret {

    /// The password itself.
    record Plain(Secret password) implements StoredSecret {}

    /// `md5` and 32 hex digits.
    record Md5(Secret hash) implements StoredSecret {}

    /// `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
    record Scram(Secret verifier) implements StoredSecret {}

    /// Tells the form by the text, as PostgreSQL does: what is neither of the others is a plain password.
    static StoredSecret of(String text) {
        if (text.startsWith("SCRAM-SHA-256$")) return new Scram(new Secret(text));
        if (text.length() == 35 && text.startsWith("md5") && text.substring(3).chars().allMatch(StoredSecret::isHex)) {
            return new Md5(new Secret(text));
        }
        return new Plain(new Secret(text));
    }

    private static boolean isHex(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'f';
    }
}
