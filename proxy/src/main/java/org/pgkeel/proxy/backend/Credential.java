package org.pgkeel.proxy.backend;

import org.pgkeel.proxy.config.Secret;

/// What a login to PostgreSQL can be proved with. Shows nothing of itself in logs.
public sealed interface Credential {

    /// Nothing: enough for `trust` and for client certificates.
    record None() implements Credential {}

    /// A clear password: enough for every method.
    record Password(Secret secret) implements Credential {}

    /// The keys of one SCRAM secret, learnt when the client itself proved that it has the password (SCRAM
    /// pass-through). They open only a server that stores the very same secret: same salt, same iterations.
    final class ScramKeys implements Credential {
        private final byte[] clientKey;
        private final byte[] serverKey;
        private final byte[] salt;
        private final int iterations;

        public ScramKeys(byte[] clientKey, byte[] serverKey, byte[] salt, int iterations) {
            this.clientKey = clientKey.clone();
            this.serverKey = serverKey.clone();
            this.salt = salt.clone();
            this.iterations = iterations;
        }

        public byte[] clientKey() {
            return clientKey.clone();
        }

        public byte[] serverKey() {
            return serverKey.clone();
        }

        public byte[] salt() {
            return salt.clone();
        }

        public int iterations() {
            return iterations;
        }

        @Override
        public String toString() {
            return "ScramKeys[***]";
        }
    }

    /// `md5` and 32 hex digits, as `pg_authid` stores it: enough for the `md5` method.
    record Md5Hash(Secret hash) implements Credential {}
}
