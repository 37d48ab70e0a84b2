package org.pgkeel.bench.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.fuzz.HostileInput.Ending;
import org.pgkeel.bench.fuzz.HostileInput.Phase;

class ThrowTest {
    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final byte[] LOGGED_IN = new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 0, 'Z', 0, 0, 0, 5, 'I'};
    private static final byte[] NOTICE = new byte[] {'N', 0, 0, 0, 5, 0};
    private static final int PATIENCE_MESSAGES = 50;
    private static final byte[] ERROR = new byte[] {'E', 0, 0, 0, 5, 0};

    /// What a server does with one connection.
    private interface Behaviour {
        void meet(Socket client) throws IOException;
    }

    private Outcome thrown(Phase phase, Ending ending, Behaviour behaviour) throws IOException {
        try (var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket client = server.accept()) {
                    behaviour.meet(client);
                } catch (IOException e) {
                    // The test is over.
                }
            });
            var login = new Login("fuzz", "", "bench");
            var thrower = new Throw(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()), login, login, LIMIT);
            return thrower.of(new HostileInput(1, 2, phase, "test", List.of(new byte[] {1, 2, 3}), ending));
        }
    }

    private static void logIn(Socket client) throws IOException {
        client.getInputStream().read(new byte[256]);
        client.getOutputStream().write(LOGGED_IN);
        client.getInputStream().read(new byte[256]);
    }

    @Test
    void a_server_that_closes_is_fine() throws IOException {
        assertThat(thrown(Phase.CONNECTED, Ending.HALF_CLOSE, client -> client.getInputStream().read())).isEqualTo(new Outcome.Closed());
    }

    @Test
    void an_error_is_a_refusal_even_if_the_server_stays() throws IOException {
        Outcome outcome = thrown(Phase.READY, Ending.AWAIT_REFUSAL, client -> {
            logIn(client);
            client.getOutputStream().write(ERROR);
            client.getInputStream().readAllBytes();
        });

        assertThat(outcome).isEqualTo(new Outcome.Refused());
    }

    @Test
    void a_server_that_neither_answers_nor_closes_offends() throws IOException {
        Outcome outcome = thrown(Phase.READY, Ending.AWAIT_REFUSAL, client -> {
            logIn(client);
            client.getInputStream().readAllBytes();
        });

        assertThat(outcome).isInstanceOf(Outcome.Offence.class);
    }

    @Test
    void a_server_that_keeps_a_half_closed_connection_offends() throws IOException {
        Outcome outcome = thrown(Phase.READY, Ending.HALF_CLOSE, client -> {
            logIn(client);
            client.getOutputStream().write(ERROR);
            keepOpen(client);
        });

        assertThat(outcome).isInstanceOf(Outcome.Offence.class);
    }

    @Test
    void a_reply_that_is_no_message_offends() throws IOException {
        Outcome outcome = thrown(Phase.READY, Ending.HALF_CLOSE, client -> {
            logIn(client);
            client.getOutputStream().write(new byte[] {7, 0, 0, 0, 4});
            keepOpen(client);
        });

        assertThat(outcome).isEqualTo(new Outcome.Offence("a reply of type 7"));
    }

    @Test
    void a_server_that_does_not_serve_a_valid_login_offends() throws IOException {
        Outcome outcome = thrown(Phase.READY, Ending.HALF_CLOSE, client -> client.getInputStream().read(new byte[256]));

        assertThat(outcome).isInstanceOfSatisfying(Outcome.Offence.class, offence -> assertThat(offence.why()).contains("valid login"));
    }

    /// Keeps the connection open until the thrower has given up: then writing to it fails.
    private static void keepOpen(Socket client) throws IOException {
        for (int i = 0; i < PATIENCE_MESSAGES; i++) {
            client.getInputStream().readAllBytes();
            LockSupport.parkNanos(LIMIT.toNanos() / 10);
            client.getOutputStream().write(NOTICE);
        }
    }
}
