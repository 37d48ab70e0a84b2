package org.pgkeel.proxy.server;

import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// What somebody asks while the test goes on, on a thread of its own that keeps nobody from ending. Threading: any.
final class Meanwhile {
    interface Asking<T> {
        T ask() throws Exception;
    }

    interface Doing {
        void happen() throws SQLException;
    }

    private Meanwhile() {}

    /// @return the answer, or why there was none
    static <T> CompletableFuture<T> asks(Asking<T> asking) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return asking.ask();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        }, task -> Thread.ofPlatform().daemon().start(task));
    }

    /// @return `ok`, or the SQLSTATE
    static CompletableFuture<String> does(Doing doing) {
        return asks(() -> {
            try {
                doing.happen();
                return "ok";
            } catch (SQLException e) {
                return e.getSQLState();
            }
        });
    }
}
