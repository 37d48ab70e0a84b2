package org.pgkeel.proxy.insert;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How a table's rows are divided into partitions by one column, where a value in a statement can say it: by the hash of a whole number, uuid or text
/// (with a deterministic collation), by ranges of whole numbers, dates, times or uuids, by lists of whole numbers, texts or uuids. Partitions of partitions
/// are not looked at.
///
/// Threading: immutable.
/// <https://www.postgresql.org/docs/current/ddl-partitioning.html>
public final class Partitions {
    /// More of them are not understood.
    private static final int MAX = 1000;

    /// Of the relation `r`: how, by which column, and the bounds of each partition. Empty if it is not by one column.
    static final String QUESTION = """
            coalesce((select pg_catalog.concat_ws(' ', p.partstrat::text, pg_catalog.encode(pg_catalog.convert_to(a.attname, 'UTF8'), 'hex'), b.bounds)
              from pg_catalog.pg_partitioned_table p join pg_catalog.pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0],
               lateral (select pg_catalog.string_agg(pg_catalog.encode(pg_catalog.convert_to(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'UTF8'), 'hex'), ' ' order by c.oid) as bounds
                from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid where i.inhparent = p.partrelid having pg_catalog.count(*) <= """ + MAX + """
            ) b where p.partrelid = r.oid and p.partnatts = 1), '')""";

    private final String source;
    private final String column;
    private final PartitionCode code;

    private Partitions(String source, String column, PartitionCode code) {
        this.source = source;
        this.column = column;
        this.code = code;
    }

    /// By which rows are divided.
    public String column() {
        return column;
    }

    PartitionCode code() {
        return code;
    }

    /// @param answer to [#QUESTION]
    /// @return empty if the table is not partitioned, or not in a way that is understood
    /// @throws IllegalArgumentException if it is no answer
    static Optional<Partitions> parse(String answer, List<TargetTable.Column> columns) {
        String[] parts = answer.split(" ");
        if (parts.length < 3) return Optional.empty();
        String column = text(parts[1]);
        int type = columns.stream().filter(each -> each.name().equals(column)).findFirst().map(TargetTable.Column::baseType).orElse(0);
        List<PartitionBound> bounds = new ArrayList<>();
        for (int i = 2; i < parts.length; i++) bounds.add(PartitionBound.parse(text(parts[i])));
        PartitionCode code = switch (parts[0]) {
            case "h" -> hash(EqualKeys.of(type), bounds);
            case "r" -> range(OrdinalKeys.of(type), bounds);
            case "l" -> list(EqualKeys.of(type), bounds);
            default -> null;
        };
        return code == null ? Optional.empty() : Optional.of(new Partitions(answer, column, code));
    }

    private static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }

    private static @Nullable PartitionCode hash(@Nullable EqualKeys kind, List<PartitionBound> bounds) {
        int greatest = 0;
        for (PartitionBound each : bounds) {
            if (!(each instanceof PartitionBound.Rest(int modulus, int _))) return null;
            greatest = Math.max(greatest, modulus);
        }
        if (kind == null || greatest > 64 * MAX) return null;
        long[] byRest = new long[greatest];
        Arrays.fill(byRest, RowKey.UNKNOWN);
        for (int i = 0; i < bounds.size(); i++) {
            if (bounds.get(i) instanceof PartitionBound.Rest(int modulus, int rest)) for (int at = rest; at < greatest; at += modulus) byRest[at] = i;
        }
        return new PartitionCode.Hash(kind, byRest);
    }

    private static @Nullable PartitionCode range(@Nullable OrdinalKeys order, List<PartitionBound> bounds) {
        if (order == null) return null;
        record Part(long start, long end) {}
        var parts = new ArrayList<Part>();
        long others = RowKey.UNKNOWN;
        for (PartitionBound each : bounds) {
            switch (each) {
                case PartitionBound.Others _ -> others = bounds.size();
                case PartitionBound.FromTo(String from, String to) -> {
                    long start = from.equals("MINVALUE") ? Long.MIN_VALUE + 1 : PartitionBound.value(order, from);
                    long end = to.equals("MAXVALUE") ? Long.MAX_VALUE : PartitionBound.value(order, to);
                    if (start == RowKey.UNKNOWN || end == RowKey.UNKNOWN) return null;
                    parts.add(new Part(start, end));
                }
                case PartitionBound.Rest _, PartitionBound.In _, PartitionBound.Other _ -> {
                    return null;
                }
            }
        }
        parts.sort(Comparator.comparingLong(Part::start));
        return new PartitionCode.Range(order, parts.stream().mapToLong(Part::start).toArray(), parts.stream().mapToLong(Part::end).toArray(), others);
    }

    private static @Nullable PartitionCode list(@Nullable EqualKeys kind, List<PartitionBound> bounds) {
        if (kind == null) return null;
        record Item(long hash, long partition) {}
        var items = new ArrayList<Item>();
        long others = RowKey.UNKNOWN;
        for (int i = 0; i < bounds.size(); i++) {
            switch (bounds.get(i)) {
                case PartitionBound.Others _ -> others = i;
                case PartitionBound.In(List<String> values) -> {
                    for (String value : values) items.add(new Item(value.equals("NULL") ? kind.ofNull() : PartitionBound.value(kind, value), i));
                }
                case PartitionBound.Rest _, PartitionBound.FromTo _, PartitionBound.Other _ -> {
                    return null;
                }
            }
        }
        items.sort(Comparator.comparingLong(Item::hash));
        return new PartitionCode.Listed(kind, items.stream().mapToLong(Item::hash).toArray(), items.stream().mapToLong(Item::partition).toArray(), others);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Partitions same && source.equals(same.source);
    }

    @Override
    public int hashCode() {
        return source.hashCode();
    }
}
