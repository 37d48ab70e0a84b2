package org.pgkeel.protocol.wire;

/// One column of a row, one parameter of a statement, or one argument of a function: SQL NULL or bytes.
/// On the wire a length of -1 stands for NULL.
public sealed interface Value permits Octets, Value.Null {
    Value NULL = Null.INSTANCE;

    static Value ofText(String text) {
        return Octets.ofText(text);
    }

    /// SQL NULL.
    enum Null implements Value {
        INSTANCE;

        @Override public String toString() {
            return "NULL";
        }
    }
}
