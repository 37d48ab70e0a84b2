package org.pgkeel.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.NotificationResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.wire.StartupMessage;

class BackendLoginTest {
    private final List<ByteBuf> early = new ArrayList<>();

    private EmbeddedChannel loggingIn() {
        var proof = new LoginProof("app", ConnectorHarness.password("secret"), ChannelBinding.NONE, Runnable::run, new SecureRandom());
        var channel = new EmbeddedChannel(new BackendLogin(StartupMessage.of(new LinkedHashMap<>(Map.of("user", "app"))), proof, new BackendLogin.Listener() {
            @Override
            public void ready(BackendLogin.Greeting greeting, ByteBuf bytes) {
                early.add(bytes);
            }

            @Override
            public void failed(BackendFailure failure) {
                throw new AssertionError(failure.text());
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
}
