package org.pgkeel.proxy.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.wire.WireClient;

/// What a client on the wire is told, in short words: `row 1`, `SELECT 1`, `error 57P03`, `ready IDLE`.
final class Replies {
    private Replies() {}

    /// Asks by simple Query.
    static List<String> ask(WireClient client, String sql) throws IOException {
        client.send(new Query(sql));
        return untilReady(client);
    }

    /// The same while the test goes on.
    static CompletableFuture<List<String>> asks(WireClient client, FrontendMessage... messages) {
        return Meanwhile.asks(() -> {
            client.send(messages);
            return untilReady(client);
        });
    }

    /// The one value of one row.
    static String value(WireClient client, String sql) throws IOException {
        String row = ask(client, sql).getFirst();
        if (!row.startsWith("row ")) throw new AssertionError(sql + ": " + row);
        return row.substring(4);
    }

    /// All up to the next ReadyForQuery.
    static List<String> untilReady(WireClient client) throws IOException {
        var words = new ArrayList<String>();
        do {
            next(client, words);
        } while (words.isEmpty() || !words.getLast().startsWith("ready"));
        return words;
    }

    /// The code of the error that comes next; whatever else comes before it is passed over.
    static String error(WireClient client) throws IOException {
        var words = new ArrayList<String>();
        do {
            next(client, words);
        } while (words.isEmpty() || !words.getLast().startsWith("error"));
        return words.getLast().substring(6);
    }

    private static void next(WireClient client, List<String> words) throws IOException {
        switch (client.read()) {
            case DataRow(var values) -> words.add("row " + (values.getFirst() instanceof Octets octets ? octets.text() : "null"));
            case CommandComplete(var tag) -> words.add(tag);
            case ErrorResponse(var fields) -> words.add("error " + fields.code());
            case ReadyForQuery(var status) -> words.add("ready " + status);
            default -> { }
        }
    }

    /// Asks for a cancel, which may be held on its way.
    static CompletableFuture<Void> cancels(WireClient client) {
        return CompletableFuture.runAsync(() -> {
            try {
                client.cancel();
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }
}
