package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;

/// A client that writes down what it hears, beside the bytes that it gets.
final class FakeLessee implements Lessee, Waiter<BackendConnection> {
    final List<String> heard = new ArrayList<>();
    /// How its last connection ended.
    @Nullable Loss loss;
    /// It stays when its backend is lost.
    boolean outlives;
    boolean commits;
    /// Its replica's errors are kept from it.
    boolean turnsAway;
    /// It has something under way that may write.
    boolean mayWrite;
    private byte[] kept = {};
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Outgoing toClient;
    private final ByteArrayOutputStream got = new ByteArrayOutputStream();

    private final Consumer<BackendConnection> onLeased;
    private final Runnable onSettled;

    FakeLessee(LoopBuffers buffers) {
        this(buffers, connection -> { }, () -> { });
    }

    FakeLessee(LoopBuffers buffers, Consumer<BackendConnection> onLeased, Runnable onSettled) {
        this.onLeased = onLeased;
        this.onSettled = onSettled;
        toClient = new Outgoing(buffers, new DirectWriter(channel));
    }

    /// Everything written to the client so far.
    byte[] got() {
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            got.writeBytes(io.netty.buffer.ByteBufUtil.getBytes(out));
            out.release();
        }
        return got.toByteArray();
    }

    /// What was written to the client since the last call.
    byte[] take() {
        byte[] taken = got();
        got.reset();
        return taken;
    }

    @Override
    public void leased(BackendConnection connection) {
        connection.beginLease(this);
        onLeased.accept(connection);
    }

    @Override
    public int requestBytes() {
        return 0;
    }

    @Override
    public byte @Nullable [] inItsWords(byte[] errorBody) {
        return null;
    }

    @Override
    public void broken(Throwable cause) {
        heard.add("broken: " + cause);
    }

    @Override
    public void refused(Refusal refusal) {
        throw new AssertionError(refusal);
    }

    @Override
    public Outgoing toClient() {
        return toClient;
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void completed(Object subject, String commandTag) {
        heard.add("completed " + subject + ": " + commandTag);
    }

    @Override
    public String parameterStatus(String name, String value) {
        heard.add(name + "=" + value);
        return value;
    }

    /// It knows of every parameter that its value is `known`.
    @Override
    public boolean knows(String name, String value) {
        return value.equals("known");
    }

    @Override
    public void failed() {
        kept = new byte[0];
        heard.add("failed");
    }

    @Override
    public void planOutdated() {
        heard.add("plan outdated");
    }

    @Override
    public boolean mayRepeat() {
        return false;
    }

    @Override
    public boolean mayRepeatOutside() {
        return false;
    }

    @Override
    public void repeat() {
        heard.add("repeat");
    }

    @Override
    public void notNamed(byte[] name, @Nullable SharedStatement before) {
        heard.add("not named " + new String(name, StandardCharsets.UTF_8));
    }

    @Override
    public void shapeFound(SharedStatement statement, long shape) {
        heard.add("shape");
    }

    @Override
    public byte readyForQuery(byte status) {
        heard.add("ready " + (char) status);
        return status;
    }

    @Override
    public boolean turnsAway(byte[] errorBody, int visible) {
        if (turnsAway) heard.add("turned away, has " + visible);
        return turnsAway;
    }

    @Override
    public void settled(byte status) {
        heard.add("settled " + (char) status);
        onSettled.run();
    }

    @Override
    public void resumeReading() {
        heard.add("resume");
    }

    @Override
    public boolean outlivesBackend() {
        return outlives;
    }

    @Override
    public boolean mayWrite() {
        return mayWrite;
    }

    @Override
    public boolean commits() {
        return commits;
    }

    @Override
    public boolean commitIsTracked() {
        return commits;
    }

    @Override
    public void marked(ByteBuf in, int from, int to) {
        heard.add("marked");
    }

    @Override
    public void keeps(ByteBuf in, int from, int to) {
        kept = io.netty.buffer.ByteBufUtil.getBytes(in, from, to - from);
        heard.add("keeps");
    }

    @Override
    public byte[] takeKept() {
        byte[] taken = kept;
        kept = new byte[0];
        return taken;
    }

    @Override
    public void blockGoesOn(byte status) {
        heard.add("block goes on " + (char) status);
    }

    @Override
    public void backendLost(Loss loss) {
        this.loss = loss;
        heard.add((loss.ending() == Loss.Ending.TOLD ? "lost, fatal: " : "lost: ") + loss.why());
    }

    @Override
    public ByteBuf errorFor(Object refusal) {
        return Unpooled.copiedBuffer(BackendBytes.server().message('E', refusal.toString()).bytes());
    }
}
