package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;

/// What becomes of a row's value in one column: a number that is the same for values that are equal in the table, however they were sent, or
/// [RowKey#UNKNOWN].
///
/// Threading: immutable.
interface KeyCode {
    /// A parameter, or a literal with a cast, of this type means what a value of the column means.
    boolean takes(int type);

    /// A number without quotes is a value of the column.
    boolean takesNumerals();

    long ofNull();

    /// @param quoted two quotes mean one
    long ofText(ByteBuf in, int from, int to, boolean quoted);

    long ofBinary(ByteBuf in, int from, int to);
}
