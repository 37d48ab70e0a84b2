package org.pgkeel.proxy.statement;

/// One token of SQL.
///
/// @param text what it means: a word in lower case, a quoted identifier or a string without its quotes and escapes, the
///             character of a symbol; for numbers and parameters as written
/// @param from index of its first character
/// @param to   index after its last character
record Token(Kind kind, String text, int from, int to) {
    enum Kind {
        /// A key word or an identifier without quotes.
        WORD,
        QUOTED_IDENTIFIER,
        STRING,
        NUMBER,
        /// `$1`
        PARAMETER,
        /// One character of an operator or of punctuation.
        SYMBOL,
        END
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equals(word);
    }

    boolean isSymbol(char symbol) {
        return kind == Kind.SYMBOL && text.charAt(0) == symbol;
    }

    boolean isIdentifier() {
        return kind == Kind.WORD || kind == Kind.QUOTED_IDENTIFIER;
    }

    boolean isEnd() {
        return kind == Kind.END;
    }
}
