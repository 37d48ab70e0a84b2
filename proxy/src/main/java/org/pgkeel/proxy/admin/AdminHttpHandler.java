package org.pgkeel.proxy.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One HTTP connection: GET and HEAD of the admin pages, one answer after the other.
///
/// | request            | answer |
/// |--------------------|--------|
/// | malformed, too long | 400, 413 or 414, closed |
/// | not GET, not HEAD  | 405    |
/// | unknown path       | 404    |
/// | else               | the page; its body left out for HEAD |
///
/// Threading: confined to its channel's event loop.
final class AdminHttpHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    /// From the connect, a request, or an answer that was taken to whichever of them comes next. Bounds idle and slow clients alike.
    private static final long STEP_SECONDS_MAX = 30;
    /// Pipelined requests whose answers have not been taken yet.
    private static final int OUTSTANDING_MAX = 8;
    private static final Logger LOG = LoggerFactory.getLogger(AdminHttpHandler.class);

    private final AdminPages pages;
    private CompletionStage<?> lastAnswer = CompletableFuture.completedFuture(null);
    private int outstanding;
    private @Nullable Future<?> deadline;

    AdminHttpHandler(AdminPages pages) {
        this.pages = pages;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        awaitStep(ctx);
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stopDeadline();
        ctx.fireChannelInactive();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        awaitStep(ctx);
        if (++outstanding > OUTSTANDING_MAX) {
            ctx.close();
            return;
        }
        boolean keepAlive = request.decoderResult().isSuccess() && HttpUtil.isKeepAlive(request);
        HttpMethod method = request.method();
        CompletionStage<Page> page = page(request);
        // Pages may be done in any order, answers are sent in the order of the requests.
        lastAnswer = lastAnswer.thenCombine(page, (_, ready) -> ready)
                .thenAcceptAsync(ready -> answer(ctx, ready, method, keepAlive), ctx.executor());
    }

    private CompletionStage<Page> page(FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            boolean line = request.decoderResult().cause() instanceof TooLongHttpLineException;
            return now(Page.text(line ? HttpResponseStatus.REQUEST_URI_TOO_LONG : HttpResponseStatus.BAD_REQUEST, "malformed request"));
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            return now(Page.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET and HEAD"));
        }
        String uri = request.uri();
        int query = uri.indexOf('?');
        String path = query < 0 ? uri : uri.substring(0, query);
        String accept = request.headers().get(HttpHeaderNames.ACCEPT, "");
        return pages.page(path, accept).orElseGet(() -> now(Page.text(HttpResponseStatus.NOT_FOUND,
                "no such page; there are /metrics, /health/live, /health/ready and /status")));
    }

    private void answer(ChannelHandlerContext ctx, Page page, HttpMethod method, boolean keepAlive) {
        boolean bodyless = method.equals(HttpMethod.HEAD);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, page.status(),
                bodyless ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(page.body()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, page.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, page.body().length)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(HttpHeaderNames.CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")
                .set("x-content-type-options", "nosniff")
                .set(HttpHeaderNames.CONNECTION, keepAlive ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
        if (page.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        ctx.writeAndFlush(response).addListener((ChannelFuture taken) -> {
            outstanding--;
            if (!keepAlive || !taken.isSuccess()) ctx.close();
            else awaitStep(ctx);
        });
    }

    private void awaitStep(ChannelHandlerContext ctx) {
        stopDeadline();
        deadline = ctx.executor().schedule(() -> ctx.close(), STEP_SECONDS_MAX, TimeUnit.SECONDS);
    }

    private void stopDeadline() {
        if (deadline != null) deadline.cancel(false);
        deadline = null;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) LOG.debug("admin connection lost: {}", cause.toString());
        else LOG.warn("admin connection closed", cause);
        ctx.close();
    }

    private static CompletionStage<Page> now(Page page) {
        return CompletableFuture.completedFuture(page);
    }
}
