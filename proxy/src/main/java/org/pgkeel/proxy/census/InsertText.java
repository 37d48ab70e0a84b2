package org.pgkeel.proxy.census;

import java.util.Optional;
import org.pgkeel.proxy.insert.InsertOutline;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.statement.Dialect;

/// What a text says of its INSERT.
///
/// @param table with quotes, as SQL takes it
/// @param habit what it would be outside of a transaction, in company with no others
/// @param rows  1 if it is not known how many there are
record InsertText(String table, InsertHabit habit, int rows) {
    /// @param text one character for each byte
    /// @return empty if it is no INSERT
    static Optional<InsertText> of(String text, Dialect dialect) {
        Optional<InsertShape> shape = InsertShape.parse(text, dialect);
        if (shape.isPresent() && shape.get().isPlain()) return Optional.of(new InsertText(shape.get().writtenName(), InsertHabit.PLAIN, 1));
        return InsertOutline.of(text).map(outline -> new InsertText(outline.writtenName(), shape.isPresent() ? shared(outline) : other(outline, dialect), shape.map(InsertShape::rows).orElse(1)));
    }

    /// It could share a commit, but is no row of a COPY.
    private static InsertHabit shared(InsertOutline outline) {
        return switch (outline.end()) {
            case RETURNING -> InsertHabit.RETURNING;
            case ON_CONFLICT -> InsertHabit.ON_CONFLICT;
            case MORE_ROWS -> InsertHabit.MANY_ROWS;
            case NOTHING, ON_CONFLICT_UPDATE, STATEMENT, UNKNOWN -> InsertHabit.EXPRESSION;
        };
    }

    private static InsertHabit other(InsertOutline outline, Dialect dialect) {
        if (!dialect.equals(Dialect.USUAL)) return InsertHabit.SETTINGS;
        return switch (outline.source()) {
            case QUERY -> InsertHabit.QUERY;
            case OTHER -> InsertHabit.OTHER_FORM;
            case VALUES -> switch (outline.end()) {
                case STATEMENT -> InsertHabit.WITH_OTHERS;
                case ON_CONFLICT_UPDATE -> InsertHabit.ON_CONFLICT_UPDATE;
                case NOTHING, MORE_ROWS, RETURNING, ON_CONFLICT, UNKNOWN -> InsertHabit.CALLS;
            };
        };
    }
}
