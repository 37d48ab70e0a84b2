package org.pgkeel.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NotificationResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.Value;

class BackendLoginTest {
    private static final BackendMessage READY = new ReadyForQuery(TransactionStatus.IDLE);

    private final List<ByteBuf> early = new ArrayList<>();
    private final List<BackendLogin.Greeting> greetings = new ArrayList<>();
    private final List<BackendFailure> failures = new ArrayList<>();

    private EmbeddedChannel loggingIn() {
        return loggingIn(Optional.empty());
    }

    private EmbeddedChannel loggingIn(Optional<String> question) {
        var proof = new LoginProof("app", ConnectorHarness.password("secret"), ChannelBinding.NONE, new PasswordStretcher(Runnable::run), new SecureRandom());
        var channel = new EmbeddedChannel(new BackendLogin(StartupMessage.of(new LinkedHashMap<>(Map.of("user", "app"))), proof, question, new BackendLogin.Listener() {
            @Override
            public void ready(BackendLogin.Greeting greeting, ByteBuf bytes) {
                greetings.add(greeting);
                early.add(bytes);
            }

            @Override
            public void failed(BackendFailure failure) {
                failures.add(failure);
            }
        }));
        channel.releaseOutbound();
        return channel;
    }

    private static ByteBuf bytes(BackendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        for (BackendMessage message : messages) message.encode(out);
        return out;
    }

    @Test
    void a_listener_that_is_stopped_before_it_goes_on_holds_no_buffer_for_nothing() {
        loggingIn().writeInbound(bytes(AuthenticationOk.INSTANCE, new ParameterStatus("a", "b")), bytes(new ReadyForQuery(TransactionStatus.IDLE)));

        assertThat(early).singleElement().isSameAs(Unpooled.EMPTY_BUFFER);
    }

    @Test
    void bytes_behind_ready_for_query_are_the_listeners() {
        var notification = new NotificationResponse(1, "a", "b");
        loggingIn().writeInbound(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE), notification));

        assertThat(early).singleElement().satisfies(rest -> assertThat(ByteBufUtil.hexDump(rest)).isEqualTo(ByteBufUtil.hexDump(bytes(notification))));
        early.getFirst().release();
    }

    @Test
    void a_question_is_asked_behind_the_login_and_its_answer_is_part_of_the_greeting() {
        EmbeddedChannel channel = loggingIn(Optional.of("select 1, null"));
        channel.writeInbound(bytes(AuthenticationOk.INSTANCE, new ParameterStatus("a", "b"), READY));
        assertThat(greetings).isEmpty();
        ByteBuf asked = channel.readOutbound();
        assertThat(asked.toString(StandardCharsets.UTF_8)).startsWith("Q").endsWith("select 1, null\0");
        asked.release();

        var notification = new NotificationResponse(1, "a", "b");
        ByteBuf answer = bytes(RowDescription.ofText(List.of("x", "y")), new DataRow(List.of(Value.ofText("1"), Value.Null.INSTANCE)), new ParameterStatus("a", "c"), new CommandComplete("SELECT 1"));
        while (answer.isReadable()) channel.writeInbound(answer.readRetainedSlice(1));
        answer.release();
        channel.writeInbound(bytes(READY, notification));

        assertThat(greetings).singleElement().satisfies(greeting -> {
            assertThat(greeting.answer()).containsExactly("1", "");
            assertThat(greeting.parameterStatus()).containsEntry("a", "c");
        });
        assertThat(early).singleElement().satisfies(rest -> assertThat(rest.getByte(rest.readerIndex())).isEqualTo((byte) 'A'));
        early.forEach(ByteBuf::release);
    }

    @Test
    void a_question_that_is_refused_is_a_login_that_failed() {
        EmbeddedChannel channel = loggingIn(Optional.of("select pg_control_system()"));
        channel.writeInbound(bytes(AuthenticationOk.INSTANCE, READY));
        channel.releaseOutbound();
        channel.writeInbound(bytes(ErrorResponse.of(Severity.ERROR, SqlState.INSUFFICIENT_PRIVILEGE, "permission denied")));

        assertThat(greetings).isEmpty();
        assertThat(failures).singleElement().isInstanceOfSatisfying(BackendFailure.Refused.class, refused -> assertThat(refused.sqlState()).isEqualTo("42501"));
        channel.finishAndReleaseAll();   // as who hears of the failure does
    }
}
