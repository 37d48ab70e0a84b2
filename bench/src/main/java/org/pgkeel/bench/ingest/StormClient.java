package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.Requests;
import org.pgkeel.bench.client.WireClient;

/// One connection of a [Storm]: its write under way, and how far its answers have been read.
///
/// Threading: confined to the storm's thread once it is registered.
final class StormClient {
    private static final int HEADER_BYTES = 5;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final EventMessages messages;
    private final Manner manner;
    private final byte[] header = new byte[HEADER_BYTES];
    private int headerBytes;
    private int bodyLeft;
    private byte[] errorBody = {};
    private int errorBytes;
    private boolean failing;
    private int answersOwed;
    private ByteBuffer unsent = NOTHING;
    private long dueNanos;
    private long sentRows;
    private long acknowledgedRows;

    private StormClient(SocketChannel channel, EventMessages messages, Manner manner) {
        this.channel = channel;
        this.messages = messages;
        this.manner = manner;
    }

    /// Connects, logs in and prepares, waiting for each.
    static StormClient connect(int port, Login login, Manner manner, int number) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
            WireClient session = WireClient.over(channel.socket(), login);
            Optional<Requests> preparation = EventMessages.preparation(manner);
            if (preparation.isPresent()) {
                session.send(preparation.get());
                var error = session.reply().error();
                if (error.isPresent()) throw error.get();
            }
            channel.configureBlocking(false);
            return new StormClient(channel, new EventMessages(manner, number), manner);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    int writeBytes() {
        return messages.size();
    }

    SelectionKey register(Selector selector) throws IOException {
        return channel.register(selector, SelectionKey.OP_READ, this);
    }

    /// Sends the next rows.
    ///
    /// @param out      scratch with room for [#writeBytes]
    /// @param dueNanos from when on the latency counts
    void send(ByteBuffer out, SelectionKey key, long dueNanos) throws IOException {
        this.dueNanos = dueNanos;
        answersOwed = manner.answers();
        out.clear();
        messages.write(out, sentRows);
        sentRows += manner.rowsAtOnce();
        out.flip();
        channel.write(out);
        if (out.hasRemaining()) {
            unsent = ByteBuffer.allocate(out.remaining()).put(out).flip();
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    void sendRest(SelectionKey key) throws IOException {
        channel.write(unsent);
        if (unsent.hasRemaining()) return;
        unsent = NOTHING;
        key.interestOps(SelectionKey.OP_READ);
    }

    /// Reads what is there.
    ///
    /// @param in scratch
    /// @return whether all that was sent has been answered
    boolean receive(ByteBuffer in, Storm storm) throws IOException {
        in.clear();
        int read = channel.read(in);
        if (read < 0) throw new IOException("the connection was closed");
        in.flip();
        boolean owed = answersOwed > 0;
        while (in.hasRemaining()) {
            if (bodyLeft > 0) body(in);
            else if (headerBytes == 0 && in.remaining() >= HEADER_BYTES) message((char) in.get(), in.getInt(), storm);
            else {
                header[headerBytes++] = in.get();
                if (headerBytes == HEADER_BYTES) {
                    headerBytes = 0;
                    message((char) header[0], ByteBuffer.wrap(header).getInt(1), storm);
                }
            }
        }
        return owed && answersOwed == 0;
    }

    private void message(char type, int length, Storm storm) {
        bodyLeft = length - Integer.BYTES;
        switch (type) {
            case 'Z' -> {
                answersOwed--;
                if (failing) {
                    storm.failed(error());
                } else {
                    acknowledgedRows += manner.rowsPerAnswer();
                    storm.acknowledged(manner.rowsPerAnswer(), dueNanos);
                }
                failing = false;
            }
            case 'E' -> {
                failing = true;
                errorBody = new byte[bodyLeft];
                errorBytes = 0;
            }
            default -> { }
        }
    }

    private void body(ByteBuffer in) {
        int count = Math.min(bodyLeft, in.remaining());
        if (failing && errorBytes < errorBody.length) {
            in.get(errorBody, errorBytes, count);
            errorBytes += count;
        } else {
            in.position(in.position() + count);
        }
        bodyLeft -= count;
    }

    private String error() {
        return new String(errorBody, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    }

    long sentRows() {
        return sentRows;
    }

    long acknowledgedRows() {
        return acknowledgedRows;
    }

    void close() throws IOException {
        channel.close();
    }
}
