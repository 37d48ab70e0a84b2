package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// `on conflict (column) do nothing`, for INSERTs of one row that have no such clause of their own.
///
/// Threading: immutable.
public final class ConflictClause {
    private final String column;
    private final byte[] clause;

    /// @param column as the catalogue has its name
    public ConflictClause(String column) {
        this.column = column;
        this.clause = (" on conflict (" + InsertShape.quoted(column) + ") do nothing ").getBytes(StandardCharsets.UTF_8);
    }

    /// Whether an INSERT gives the column a value.
    public boolean concerns(InsertShape shape, TargetTable table) {
        if (!shape.columns().isEmpty()) return shape.columns().contains(column);
        if (shape.values().isEmpty()) return true;   // how many there are was not looked at: without its column the clause does nothing
        int given = Math.min(shape.values().size(), table.columns().size());
        return table.columns().subList(0, given).stream().anyMatch(each -> each.name().equals(column));
    }

    /// The body of a Parse message behind the name, with the clause.
    /// @return empty if its INSERT has a clause of its own, or is not understood
    public Optional<byte[]> into(byte[] body) {
        int end = 0;
        while (end < body.length && body[end] != 0) end++;
        int at = InsertReader.openEnd(new String(body, 0, end, StandardCharsets.ISO_8859_1));
        if (at < 0) return Optional.empty();
        byte[] with = new byte[body.length + clause.length];
        System.arraycopy(body, 0, with, 0, at);
        System.arraycopy(clause, 0, with, at, clause.length);
        System.arraycopy(body, at, with, at + clause.length, body.length - at);
        return Optional.of(with);
    }

    /// Writes a text with the clause.
    /// @return false if the text has a clause of its own, or is not understood: nothing is written
    public boolean write(ByteBuf in, int from, int to, ByteBuf out) {
        int at = InsertReader.openEnd(in.toString(from, to - from, StandardCharsets.ISO_8859_1));
        if (at < 0) return false;
        out.writeBytes(in, from, at).writeBytes(clause).writeBytes(in, from + at, to - from - at);
        return true;
    }
}
