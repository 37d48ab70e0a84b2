package org.pgkeel.proxy.coalesce;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.observe.Complaints;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Pieces of bytes on disk, of one event loop: written, read back once in any order, checked by a sum that stays in memory.
///
/// The file grows to its limit; when the last piece is freed it is closed, its room is given back, and the next piece begins a new one. What
/// leaves a queue in its order frees the file in its order, so a file that is full is empty soon.
///
/// Threading: confined to its event loop. The file is touched by a thread of its own alone, one thing after the other, which ends when there
/// is nothing to do.
final class Spill {
    private static final Logger log = LoggerFactory.getLogger(Spill.class);
    private static final int THREAD_IDLE_SECONDS = 5;

    private final long maxBytes;
    private final SpillFile.Opener opener;
    private final Executor loop;
    private final ThreadPoolExecutor disk;
    /// Touched by the thread of the disk alone.
    private @Nullable SpillFile file;
    private final Complaints unwritten = new Complaints(1);
    private final Complaints unread = new Complaints(1);
    /// Touched by the thread of the disk alone.
    private final Complaints unclosed = new Complaints(1);
    private final ArrayList<Runnable> waitingForRoom = new ArrayList<>();
    private long position;
    private int pieces;

    /// Where a piece is.
    static final class Piece {
        private final long at;
        private final int length;
        private final int checksum;
        private boolean free;

        Piece(long at, int length, int checksum) {
            this.at = at;
            this.length = length;
            this.checksum = checksum;
        }
    }

    /// Called on the event loop.
    interface Written {
        void written(Optional<IOException> failure);
    }

    /// Called on the event loop.
    interface Read {
        /// @param all in the order of the pieces
        void read(List<Outcome> all);
    }

    /// What became of a piece.
    sealed interface Outcome {
        record Bytes(byte[] bytes) implements Outcome {}

        /// @param word for counting
        record Unreadable(String word, String why) implements Outcome {}
    }

    /// @param loop whoever calls, and is called
    Spill(String name, long maxBytes, SpillFile.Opener opener, Executor loop) {
        this.maxBytes = maxBytes;
        this.opener = opener;
        this.loop = loop;
        this.disk = new ThreadPoolExecutor(1, 1, THREAD_IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Thread.ofPlatform().daemon().name(name).factory());
        disk.allowCoreThreadTimeOut(true);
    }

    boolean hasRoom(int bytes) {
        return position + bytes <= maxBytes;
    }

    /// Calls once when all the room is free again.
    void whenEmpty(Runnable then) {
        waitingForRoom.add(then);
    }

    /// @param chunk   the pieces one behind the other; not changed from here on
    /// @param lengths of them; there is room for all
    List<Piece> write(byte[] chunk, int[] lengths, Written then) {
        if (!hasRoom(chunk.length)) throw new IllegalStateException("no room for " + chunk.length + " bytes");
        long at = position;
        var all = new ArrayList<Piece>(lengths.length);
        var sum = new CRC32C();
        int from = 0;
        for (int length : lengths) {
            sum.reset();
            sum.update(chunk, from, length);
            all.add(new Piece(at + from, length, (int) sum.getValue()));
            from += length;
        }
        if (from != chunk.length) throw new IllegalArgumentException(from + " of " + chunk.length + " bytes are pieces");
        position += chunk.length;
        pieces += all.size();
        disk.execute(() -> {
            Optional<IOException> failure = write(chunk, at);
            tell(() -> then.written(failure));
        });
        return all;
    }

    private Optional<IOException> write(byte[] chunk, long at) {
        try {
            SpillFile to = file;
            if (to == null) file = to = opener.open();
            to.write(ByteBuffer.wrap(chunk), at);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e);
        } catch (RuntimeException e) {
            return Optional.of(new IOException(e));
        }
    }

    /// A piece that is freed meanwhile is read, or not: nobody asks any more.
    void read(List<Piece> wanted, Read then) {
        List<Piece> all = List.copyOf(wanted);
        disk.execute(() -> {
            var read = new ArrayList<Outcome>(all.size());
            for (Piece each : all) read.add(read(each));
            tell(() -> then.read(read));
        });
    }

    private Outcome read(Piece piece) {
        byte[] bytes = new byte[piece.length];
        try {
            if (file == null) return new Outcome.Unreadable("read_failed", "the file is closed");
            file.read(ByteBuffer.wrap(bytes), piece.at);
        } catch (IOException | RuntimeException e) {
            return new Outcome.Unreadable("read_failed", String.valueOf(e.getMessage()));
        }
        var sum = new CRC32C();
        sum.update(bytes);
        return (int) sum.getValue() == piece.checksum ? new Outcome.Bytes(bytes) : new Outcome.Unreadable("wrong_checksum", "wrong checksum at " + piece.at);
    }

    private void tell(Runnable what) {
        try {
            loop.execute(what);
        } catch (RejectedExecutionException _) {
            // The proxy ends, and with it whoever waited.
        }
    }

    /// A piece is not needed any more.
    void free(Piece piece) {
        if (piece.free) throw new IllegalStateException("freed twice");
        piece.free = true;
        if (--pieces > 0) return;
        position = 0;
        disk.execute(this::close);
        waitingForRoom.forEach(this::tell);
        waitingForRoom.clear();
    }

    private void close() {
        SpillFile open = file;
        file = null;
        if (open == null) return;
        try {
            open.close();
        } catch (IOException e) {
            long told = unclosed.of(1, System.nanoTime());
            if (told > 0) log.warn("spill: {} files could not be closed: {}", told, e.getMessage());
        }
    }

    /// Of requests that could not be written.
    Complaints unwritten() {
        return unwritten;
    }

    /// Of requests that could not be read back.
    Complaints unread() {
        return unread;
    }

    /// Bytes of the file, those of pieces that are freed included.
    long fileBytes() {
        return position;
    }
}
