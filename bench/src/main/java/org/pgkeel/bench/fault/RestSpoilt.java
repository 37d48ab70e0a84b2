package org.pgkeel.bench.fault;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.fault.Injection.Before;
import org.pgkeel.bench.link.Caller;
import org.pgkeel.bench.link.Treatment;

/// Patroni's REST of every member answers badly or not at all; PostgreSQL and the cluster itself are well.
///
/// @param lasts how long
public record RestSpoilt(How how, Duration lasts) implements Fault {
    public enum How { HANGS, REFUSES, TALKS_NONSENSE }

    private static final List<byte[]> NONSENSE = Stream.of(
            "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><h1>Welcome to nginx!</h1></body></html>",
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"members\": [{\"name\": \"n1\", \"ro",
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"members\": []}",
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1, 2, {\"members\": null}]",
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"members\": [{\"name\": 1, \"role\": {}, \"host\": [], \"port\": \"no\", \"state\": true}]}",
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n{}",
            "HTTP/1.1 500 Internal Server Error\r\n\r\nTraceback (most recent call last):",
            "HTTP/1.0 302 Found\r\nLocation: /cluster\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2p1\r\n",
            "\u0000\u0001\u0002\u0003\u00ff\u00fe").map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toList();

    @Override
    public String name() {
        return switch (how) {
            case HANGS -> "rest-hangs";
            case REFUSES -> "rest-refuses";
            case TALKS_NONSENSE -> "rest-nonsense";
        };
    }

    @Override
    public String summary() {
        return switch (how) {
            case HANGS -> "Patroni's REST accepts and does not answer";
            case REFUSES -> "Patroni's REST refuses connections";
            case TALKS_NONSENSE -> "Patroni's REST answers nonsense";
        };
    }

    /// No proxy believes PostgreSQL alone that it should be primary.
    @Override
    public Hides hides() {
        return Hides.EVERYBODY;
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        Before before = Before.of(this, scene);
        Treatment treatment = switch (how) {
            case HANGS -> new Treatment.Silent();
            case REFUSES -> new Treatment.Refuse();
            case TALKS_NONSENSE -> new Treatment.Answer(NONSENSE);
        };
        List<PatroniNode> nodes = scene.cluster().nodes();
        for (PatroniNode node : nodes) node.restLink().spoil(this, Caller.ANYONE, treatment);
        return before.done(new Until.Past(lasts), () -> {
            for (PatroniNode node : nodes) node.restLink().heal(this);
        });
    }
}
