package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// One SHOW command: its word, where its rows come from, and its columns, each with the value it shows.
/// Threading: immutable.
final class ShowTable<T> {
    /// @param value what a row shows there; null is SQL NULL
    private record Column<T>(String name, ColumnType type, Function<T, @Nullable String> value) {}

    private final String word;
    private final Function<ShowSources, CompletionStage<List<T>>> source;
    private final List<Column<T>> columns;

    private ShowTable(String word, Function<ShowSources, CompletionStage<List<T>>> source, List<Column<T>> columns) {
        this.word = word;
        this.source = source;
        this.columns = List.copyOf(columns);
    }

    static <T> ShowTable<T> of(String word, Function<ShowSources, CompletionStage<List<T>>> source) {
        return new ShowTable<>(word, source, List.of());
    }

    /// In lower case, as after SHOW.
    String word() {
        return word;
    }

    RowShape shape() {
        return new RowShape(columns.stream().map(column -> new RowShape.Column(column.name, column.type)).toList());
    }

    /// The rows of this moment. They are turned into text one by one, as the iterator is asked for them.
    CompletionStage<Iterator<@Nullable String[]>> rows(ShowSources sources) {
        return source.apply(sources).thenApply(found -> found.stream().map(this::row).iterator());
    }

    private @Nullable String[] row(T found) {
        @Nullable String[] row = new @Nullable String[columns.size()];
        for (int i = 0; i < row.length; i++) row[i] = columns.get(i).value.apply(found);
        return row;
    }

    ShowTable<T> text(String name, Function<T, String> value) {
        return with(name, ColumnType.TEXT, value::apply);
    }

    ShowTable<T> optionalText(String name, Function<T, Optional<String>> value) {
        return with(name, ColumnType.TEXT, row -> value.apply(row).orElse(null));
    }

    ShowTable<T> int4(String name, ToIntFunction<T> value) {
        return with(name, ColumnType.INT4, row -> Integer.toString(value.applyAsInt(row)));
    }

    /// PgBouncer shows a limit that is not set as 0.
    ShowTable<T> limit(String name, Function<T, OptionalInt> value) {
        return int4(name, row -> value.apply(row).orElse(0));
    }

    ShowTable<T> int8(String name, ToLongFunction<T> value) {
        return with(name, ColumnType.INT8, row -> Long.toString(value.applyAsLong(row)));
    }

    /// NULL where it is not known.
    ShowTable<T> optionalInt8(String name, Function<T, OptionalLong> value) {
        return with(name, ColumnType.INT8, row -> value.apply(row).isPresent() ? Long.toString(value.apply(row).getAsLong()) : null);
    }

    ShowTable<T> numeric(String name, ToLongFunction<T> value) {
        return with(name, ColumnType.NUMERIC, row -> Long.toString(value.applyAsLong(row)));
    }

    private ShowTable<T> with(String name, ColumnType type, Function<T, @Nullable String> value) {
        var more = new ArrayList<>(columns);
        more.add(new Column<>(name, type, value));
        return new ShowTable<>(word, source, more);
    }
}
