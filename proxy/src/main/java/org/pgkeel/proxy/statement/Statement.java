package org.pgkeel.proxy.statement;

import java.util.List;

/// One statement of a Query's or Parse's text.
///
/// @param from    index of its first character, leading spaces and comments left out
/// @param to      index after its last character, the semicolon left out
/// @param effects what it does to the session, in the order of the text; empty for most statements
public record Statement(int from, int to, List<Effect> effects) {
    public Statement {
        effects = List.copyOf(effects);
    }
}
