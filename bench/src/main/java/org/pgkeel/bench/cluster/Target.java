package org.pgkeel.bench.cluster;

import java.util.OptionalLong;

/// Something that speaks PostgreSQL on a loopback port: PostgreSQL itself or a proxy in front of it.
public interface Target {
    /// The name in options and tables: `direct`, `pgbouncer`, `pgkeel`, or the name of a variant.
    String name();

    /// For the report's head: which product in which version.
    String version();

    int port();

    /// A JVM needs warm-up before it is compared, and its compiler threads are accounted apart.
    enum Code { NATIVE, JVM }

    Code code();

    /// The root of the proxy's process tree, empty where there is no proxy.
    OptionalLong proxyPid();

    /// PostgreSQL without anything in front.
    record Direct(PostgresServer postgres) implements Target {
        @Override
        public String name() {
            return "direct";
        }

        @Override
        public String version() {
            return postgres.version();
        }

        @Override
        public int port() {
            return postgres.port();
        }

        @Override
        public Code code() {
            return Code.NATIVE;
        }

        @Override
        public OptionalLong proxyPid() {
            return OptionalLong.empty();
        }
    }
}
