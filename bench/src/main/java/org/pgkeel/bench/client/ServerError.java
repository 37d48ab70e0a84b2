package org.pgkeel.bench.client;

import java.io.IOException;

/// An ErrorResponse.
public final class ServerError extends IOException {
    private final String sqlState;

    ServerError(String sqlState, String message) {
        super(sqlState + " " + message);
        this.sqlState = sqlState;
    }

    public String sqlState() {
        return sqlState;
    }
}
