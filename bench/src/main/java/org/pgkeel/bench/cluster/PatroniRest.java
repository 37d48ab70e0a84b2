package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/// Questions and orders to a node's Patroni, past the fault proxy.
final class PatroniRest {
    private static final Duration ORDER_LIMIT = Duration.ofSeconds(30);
    private static final Duration QUESTION_LIMIT = Duration.ofSeconds(3);

    /// @param status HTTP's
    record Answer(int status, String body) {}

    /// Of all questions: to make a client takes longer than to ask. An order has one of its own, as it is not repeated where a connection that was kept turns out to be dead.
    private static final HttpClient ASKING = client();

    private PatroniRest() {}

    static Answer get(PatroniNode node, String path) throws IOException {
        return send(ASKING, HttpRequest.newBuilder(node.directRest().resolve(path)).timeout(QUESTION_LIMIT).GET().build());
    }

    /// @throws IOException if the answer is not of the 200s
    static Answer post(PatroniNode node, String path, String json) throws IOException {
        URI where = node.directRest().resolve(path);
        HttpRequest order = HttpRequest.newBuilder(where).timeout(ORDER_LIMIT).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json)).build();
        try (HttpClient http = client()) {
            Answer answer = send(http, order);
            if (answer.status / 100 != 2) throw new IOException("POST " + where + " " + json + ": " + answer.status + " " + answer.body);
            return answer;
        }
    }

    private static HttpClient client() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(1)).build();
    }

    private static Answer send(HttpClient http, HttpRequest request) throws IOException {
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
