package org.pgkeel.proxy.drivers;

import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// The way of a driver to PostgreSQL. The first is the control: what fails there is no fault of the proxy.
enum Way {
    POSTGRESQL_ITSELF,
    PROXY_IN_TRANSACTION_MODE;

    /// Backends that the suites' up to 60 clients of one user share. Some of them are held for a while: by open transactions, by LISTEN,
    /// by WITH HOLD cursors.
    private static final int POOL_MAX = 8;

    ProxyUnderTest open() {
        return switch (this) {
            case POSTGRESQL_ITSELF -> ProxyUnderTest.none(SharedPostgres.get());
            case PROXY_IN_TRANSACTION_MODE -> ProxyUnderTest.start(SharedPostgres.get(), PoolMode.TRANSACTION, POOL_MAX);
        };
    }
}
