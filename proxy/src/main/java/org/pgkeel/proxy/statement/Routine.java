package org.pgkeel.proxy.statement;

/// What a CALL or DO runs that ends no transaction, as far as its text and the database's catalogue tell: it does in a transaction block what it does alone.
/// Or a procedure of which nothing is known.
public sealed interface Routine {
    /// The code of a DO.
    record Code() implements Routine {}

    /// @param name without its schema
    record Procedure(String name) implements Routine {}

    /// A procedure that the catalogue does not have: what it does may be seen when that is asked again.
    record Unheard() implements Routine {}
}
