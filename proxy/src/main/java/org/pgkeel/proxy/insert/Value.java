package org.pgkeel.proxy.insert;

/// One value of an INSERT's row.
public sealed interface Value {
    /// `$1` and so on.
    /// @param number from 1
    record Parameter(int number) implements Value {}

    /// `'text'`.
    /// @param text one character for each byte, without the quotes
    record Quoted(String text) implements Value {}

    /// `42` or `-42`.
    record Whole(String digits) implements Value {}

    record Null() implements Value {}

    /// Of a template: a quoted text, a whole number or NULL, which one is seen in each text.
    record Any() implements Value {}

    /// Anything else.
    record Other() implements Value {}
}
