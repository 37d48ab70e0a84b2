package org.pgkeel.proxy.statement;

import org.pgkeel.proxy.statement.Token.Kind;

/// The tokens of a text, one statement after the other: a statement ends at a semicolon outside of parentheses and outside of
/// a routine's `BEGIN ATOMIC ... END`.
///
/// Threading: confined to the caller.
final class Tokens {
    private final Lexer lexer;
    private Token current;
    private Token previous = new Token(Kind.END, "", 0, 0);
    private int parentheses;
    private boolean inRoutine;
    private int bodyDepth;

    Tokens(Lexer lexer) {
        this.lexer = lexer;
        this.current = lexer.next();
    }

    /// Goes to the first token of the next statement, over empty ones.
    ///
    /// @return whether there is one
    boolean nextStatement() {
        while (current.isSymbol(';')) {
            current = lexer.next();
        }
        parentheses = 0;
        bodyDepth = 0;
        inRoutine = false;
        previous = new Token(Kind.END, "", current.from(), current.from());
        return !current.isEnd();
    }

    /// The statement is `CREATE FUNCTION` or `CREATE PROCEDURE`.
    void enterRoutine() {
        inRoutine = true;
    }

    /// The token to be read next; meaningless [#atEnd].
    Token current() {
        return current;
    }

    /// The token read last.
    Token previous() {
        return previous;
    }

    /// Whether the statement is read.
    boolean atEnd() {
        return current.isEnd() || current.isSymbol(';') && parentheses == 0 && bodyDepth == 0;
    }

    /// Reads a token; stays at the end.
    Token take() {
        Token taken = current;
        if (atEnd()) {
            return taken;
        }
        if (taken.isSymbol('(')) {
            parentheses++;
        } else if (taken.isSymbol(')')) {
            parentheses = Math.max(0, parentheses - 1);
        }
        boolean statementEnds = previous.isSymbol(';') || previous.isWord("atomic");
        previous = taken;
        current = lexer.next();
        if (inRoutine && taken.isWord("begin") && parentheses == 0 && current.isWord("atomic")) bodyDepth++;
        // Anywhere else it ends a CASE, or is the name of a column.
        if (bodyDepth > 0 && statementEnds && taken.isWord("end")) bodyDepth--;
        return taken;
    }

    /// Reads the word if it is next.
    boolean takeIf(String word) {
        if (atEnd() || !current.isWord(word)) {
            return false;
        }
        take();
        return true;
    }

    boolean takeIf(char symbol) {
        if (atEnd() || !current.isSymbol(symbol)) {
            return false;
        }
        take();
        return true;
    }

    boolean isNext(String word) {
        return !atEnd() && current.isWord(word);
    }

    boolean isNext(char symbol) {
        return !atEnd() && current.isSymbol(symbol);
    }
}
