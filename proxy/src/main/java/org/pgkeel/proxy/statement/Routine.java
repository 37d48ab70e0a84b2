package org.pgkeel.proxy.statement;

/// What a CALL or DO runs that ends no transaction, as far as its text and the database's catalogue tell: it does in a transaction block what it does alone.
public sealed interface Routine {
    /// The code of a DO.
    record Code() implements Routine {}

    /// @param name without its schema
    record Procedure(String name) implements Routine {}
}
