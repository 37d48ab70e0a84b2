package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A client of the HTTP port that does not take what it asked for.
class AdminHttpHandlerTest {
    private final Metrics metrics = new Metrics();
    private final List<ChannelPromise> untaken = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel();

    AdminHttpHandlerTest() {
        channel.freezeTime();
        channel.pipeline().addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ReferenceCountUtil.release(message);
                untaken.add(promise);
            }
        }, new AdminHttpHandler(new AdminPages(new FakeOperations(), metrics, Clock.systemUTC(), Runnable::run)));
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
        metrics.close();
    }

    private void asks(String connection) {
        var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/health/live");
        request.headers().set(HttpHeaderNames.CONNECTION, connection);
        channel.writeInbound(request);
    }

    private void passes(long seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
    }

    @Test
    void answers_that_are_not_taken_do_not_pile_up() {
        for (int i = 0; i < 20 && channel.isOpen(); i++) asks("keep-alive");
        assertThat(channel.isOpen()).isFalse();
        assertThat(untaken).hasSize(8);
    }

    @Test
    void a_client_may_ask_as_often_as_it_takes_the_answers() {
        for (int i = 0; i < 20; i++) {
            asks("keep-alive");
            untaken.removeLast().setSuccess();
        }
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void a_client_that_does_not_take_its_last_answer_is_closed_in_time() {
        asks("close");
        passes(29);
        assertThat(channel.isOpen()).isTrue();
        passes(2);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void a_client_that_has_taken_its_last_answer_is_closed_at_once() {
        asks("close");
        untaken.getFirst().setSuccess();
        assertThat(channel.isOpen()).isFalse();
    }
}
