package org.pgkeel.protocol.auth;

/// What a SCRAM client proves itself with: a password, or the keys that a client's login left behind.
public sealed interface ScramSecret permits ScramSecret.Password, ScramSecret.Keys {
    record Password(String password) implements ScramSecret {
        /// Without the password.
        @Override public String toString() {
            return "Password";
        }
    }

    record Keys(ScramKeys keys) implements ScramSecret {}
}
