package org.pgkeel.failover.patroni;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/// Asks members of one cluster. A request ends within its deadline, whatever the other side does: it does not connect, connects and says
/// nothing, sends a byte a second, or never stops sending.
///
/// Threading: shared; answers complete on virtual threads.
public final class PatroniClient implements AutoCloseable {
    /// A status is 1 KB, a cluster of 64 members 30 KB.
    public static final int BODY_BYTES_MAX = 256 * 1024;
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;

    /// Basic authentication.
    public record Login(String user, String password) {
        @Override
        public String toString() {
            return "Login[" + user + "]";
        }

        private String header() {
            return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        }
    }

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http;
    private final Duration deadline;
    private final Optional<String> authorization;

    /// @param deadline of one request, from connect to the last byte
    /// @param tls      for `https`; the JDK's own if empty
    public PatroniClient(Duration deadline, Optional<Login> login, Optional<SSLContext> tls) {
        this.deadline = deadline;
        this.authorization = login.map(Login::header);
        var builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY).executor(threads).connectTimeout(deadline);
        tls.ifPresent(builder::sslContext);
        this.http = builder.build();
    }

    /// @param endpoint `primary`, `replica`, `patroni`: all have the same body
    public CompletableFuture<PatroniAnswer> status(URI member, String endpoint) {
        return ask(member, endpoint, (code, body) -> code == OK || code == UNAVAILABLE ? new PatroniAnswer.Status(code, MemberStatus.parse(body)) : unexpected(code));
    }

    public CompletableFuture<PatroniAnswer> cluster(URI member) {
        return ask(member, "cluster", (code, body) -> code == OK ? new PatroniAnswer.Map(ClusterDocument.parse(body)) : unexpected(code));
    }

    /// The timelines of the past, and where each was left. It lags behind a promotion.
    public CompletableFuture<PatroniAnswer> history(URI member) {
        return ask(member, "history", (code, body) -> code == OK ? new PatroniAnswer.History(new String(body, StandardCharsets.UTF_8)) : unexpected(code));
    }

    /// `ttl` and `loop_wait`: how long a leader that is not heard of may still hold the leader key.
    public CompletableFuture<PatroniAnswer> settings(URI member) {
        return ask(member, "config", (code, body) -> code == OK ? settings(Json.object(body)) : unexpected(code));
    }

    private static PatroniAnswer settings(JsonNode root) {
        long ttl = seconds(root, "ttl", 30);
        long loopWait = seconds(root, "loop_wait", 10);
        return new PatroniAnswer.Settings(TimeUnit.SECONDS.toMillis(ttl), TimeUnit.SECONDS.toMillis(loopWait));
    }

    private static long seconds(JsonNode root, String name, long fallback) {
        long value = Json.number(root, name).orElse(fallback);
        if (value < 1 || value > TimeUnit.DAYS.toSeconds(1)) throw new BadAnswer("\"" + name + "\" is no number of seconds");
        return value;
    }

    private static PatroniAnswer unexpected(int code) {
        return code == UNAUTHORIZED || code == FORBIDDEN ? new PatroniAnswer.Failed(PatroniAnswer.Kind.DENIED, "HTTP " + code + ": the login is not accepted")
                : new PatroniAnswer.Failed(PatroniAnswer.Kind.HTTP, "HTTP " + code);
    }

    private interface Reader {
        PatroniAnswer read(int code, byte[] body);
    }

    private CompletableFuture<PatroniAnswer> ask(URI member, String endpoint, Reader reader) {
        var request = HttpRequest.newBuilder(member.resolve("/" + endpoint)).timeout(deadline).GET();
        authorization.ifPresent(value -> request.header("Authorization", value));
        CompletableFuture<HttpResponse<byte[]>> exchange;
        try {
            exchange = http.sendAsync(request.build(), _ -> new BoundedBody(BODY_BYTES_MAX));
        } catch (RuntimeException closed) {
            return CompletableFuture.completedFuture(new PatroniAnswer.Failed(PatroniAnswer.Kind.UNREACHABLE, "not asked: " + closed.getClass().getSimpleName()));
        }
        // The request's own timeout ends with the headers; this one is for the body too, and it closes the connection.
        return exchange.copy().orTimeout(deadline.toNanos(), TimeUnit.NANOSECONDS).handle((response, failure) -> {
            if (failure == null) return read(reader, response.statusCode(), response.body());
            exchange.cancel(true);
            return failed(failure);
        });
    }

    private static PatroniAnswer read(Reader reader, int code, byte[] body) {
        try {
            return reader.read(code, body);
        } catch (BadAnswer nonsense) {
            return new PatroniAnswer.Failed(PatroniAnswer.Kind.NONSENSE, "HTTP " + code + ": " + nonsense.getMessage());
        }
    }

    private PatroniAnswer failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) cause = cause.getCause();
        String text = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new PatroniAnswer.Failed(kind(cause), switch (cause) {
            case TimeoutException _, java.net.http.HttpTimeoutException _ -> "no whole answer within " + deadline.toMillis() + " ms";
            default -> text;
        });
    }

    private static PatroniAnswer.Kind kind(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) if (each instanceof BoundedBody.TooLarge) return PatroniAnswer.Kind.TOO_LARGE;
        return switch (cause) {
            case TimeoutException _, java.net.http.HttpTimeoutException _ -> PatroniAnswer.Kind.TIMEOUT;
            case SSLException _ -> PatroniAnswer.Kind.TLS;
            case java.net.ConnectException _, java.nio.channels.UnresolvedAddressException _ -> PatroniAnswer.Kind.UNREACHABLE;
            case java.net.ProtocolException _ -> PatroniAnswer.Kind.NONSENSE;
            default -> PatroniAnswer.Kind.CLOSED;
        };
    }

    /// Requests that are under way end without an answer, or with one.
    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }
}
