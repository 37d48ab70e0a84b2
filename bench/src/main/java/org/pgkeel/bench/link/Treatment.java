package org.pgkeel.bench.link;

import java.time.Duration;
import java.util.List;

/// What a link does to a connection. Immutable.
public sealed interface Treatment {
    /// Bytes and closes pass as they come.
    record Pass() implements Treatment {}

    /// Nothing passes in either direction and no end is told of the other's close: a network that drops every packet, except
    /// that the kernel goes on acknowledging. New connections are accepted and get no answer. What waited passes when this ends.
    record Silent() implements Treatment {}

    /// The server's side is reset and the client's stays open, without an answer. The client's is reset when this ends.
    record HalfOpen() implements Treatment {}

    /// Everything arrives later by `delay` and up to `jitter` more, in order.
    record Delay(Duration delay, Duration jitter) implements Treatment {}

    /// The next bytes that go this way arrive in part, then both sides are reset.
    ///
    /// @param bytesMin a piece shorter than this passes whole, so that a cut is one in mid-message; 2 or more
    record Cut(Way way, int bytesMin) implements Treatment {
        public Cut {
            if (bytesMin < 2) throw new IllegalArgumentException("bytesMin " + bytesMin + ": 2 or more");
        }
    }

    /// The first bytes of the client are answered with these, one after another connection by connection, then the connection is closed.
    record Answer(List<byte[]> answers) implements Treatment {
        public Answer {
            if (answers.isEmpty()) throw new IllegalArgumentException("no answers");
            answers = List.copyOf(answers);
        }
    }

    /// The connection is reset, and so are new ones.
    record Reset() implements Treatment {}

    /// Nobody listens: new connections are refused whoever opens them. Open ones go on.
    record Refuse() implements Treatment {}

    /// The direction of bytes.
    enum Way { TO_SERVER, TO_CLIENT }
}
