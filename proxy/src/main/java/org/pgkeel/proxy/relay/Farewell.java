package org.pgkeel.proxy.relay;

/// How a server said goodbye to the session, and who has read it.
///
/// | from    | event                                              | to     |
/// |---------|----------------------------------------------------|--------|
/// | Unsaid  | FATAL while nobody has the lease, or to an aside   | Unread |
/// | Unsaid  | FATAL of a shutdown, to a client that is to stay   | Kept   |
/// | Unsaid  | any other FATAL to the client                      | Told   |
///
/// Nothing follows a FATAL error but the end of the stream. Threading: immutable.
sealed interface Farewell {
    Farewell UNSAID = new Unsaid();
    Farewell UNREAD = new Unread();
    Farewell TOLD = new Told();

    /// No FATAL error has come.
    record Unsaid() implements Farewell {}

    /// It came, and no client was there to read it.
    record Unread() implements Farewell {}

    /// It came, and was kept from the client: the session goes on with another backend.
    /// @param lastWords the ErrorResponse behind its length
    record Kept(byte[] lastWords) implements Farewell {}

    /// The client has read it, and knows why the connection ends.
    record Told() implements Farewell {}
}
