package org.pgkeel.proxy.insert;

/// One value of an INSERT's row.
public sealed interface Value {
    /// `$1` and so on.
    /// @param number from 1
    record Parameter(int number) implements Value {}

    /// `'text'`, or `E'text'`.
    /// @param text one character for each byte, as it is meant
    record Quoted(String text) implements Value {}

    /// `42` or `-42`.
    record Whole(String digits) implements Value {}

    /// `4.2`, `-.5`, `4e2`.
    record Decimal(String text) implements Value {}

    record Bool(boolean value) implements Value {}

    record Null() implements Value {}

    /// The key word.
    record Default() implements Value {}

    /// `x::type`, `cast(x as type)`, `type 'x'`.
    /// @param of       neither a cast nor DEFAULT
    /// @param type     oid of a type of the server's own
    /// @param modifier of the type, as the catalogue has it; [TargetTable.Column#UNMODIFIED] if it has none
    record Cast(Value of, int type, int modifier) implements Value {}

    /// Of a template: what stands there is seen in each text.
    record Any(Kind kind) implements Value {
        /// What may stand there.
        public enum Kind {
            /// A quoted text, a whole number or NULL.
            LITERAL,
            /// A quoted text or NULL.
            TEXT,
            WHOLE, DECIMAL, BOOL
        }
    }

    /// Anything else.
    record Other() implements Value {}
}
