package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.protocol.copy.CopyText;

/// The row of a text that was found by its [Skeleton]: what it is in all texts, and what it is in this one.
final class SkeletonRow {
    private SkeletonRow() {}

    /// @param skeleton of the text that was read
    /// @param from     where the text begins
    /// @return what all texts of the skeleton have in common
    static InsertShape shape(Skeleton skeleton, InsertReader.Read read, int from) {
        List<Value> values = read.shape().values();
        var seen = new ArrayList<Value>(values.size());
        int[] literals = new int[values.size()];
        for (int i = 0; i < literals.length; i++) {
            int at = read.literalAt()[i];
            literals[i] = at < 0 ? -1 : skeleton.literalAt(from + at);
            seen.add(literals[i] < 0 ? values.get(i) : any(values.get(i)));
        }
        // What is said of a literal in one text must not be said of the others.
        for (int i = 0; i < literals.length; i++) if (literals[i] < 0 && isOfOneText(values.get(i))) seen.set(i, new Value.Other());
        return read.shape().ofSkeleton(seen, literals);
    }

    private static Value any(Value value) {
        return switch (value) {
            case Value.Quoted _, Value.Null _ -> new Value.Any(Value.Any.Kind.TEXT);
            case Value.Whole _ -> new Value.Any(Value.Any.Kind.WHOLE);
            case Value.Decimal _ -> new Value.Any(Value.Any.Kind.DECIMAL);
            case Value.Bool _ -> new Value.Any(Value.Any.Kind.BOOL);
            // The numbers of a modifier are literals, too: other texts have others.
            case Value.Cast(var of, var type, var modifier) -> modifier == TargetTable.Column.UNMODIFIED ? new Value.Cast(any(of), type, modifier) : new Value.Other();
            case Value.Parameter _, Value.Default _, Value.Any _, Value.Other _ -> value;
        };
    }

    private static boolean isOfOneText(Value value) {
        return switch (value) {
            case Value.Quoted _, Value.Whole _, Value.Decimal _ -> true;
            case Value.Cast(var of, _, _) -> isOfOneText(of);
            case Value.Null _, Value.Bool _, Value.Parameter _, Value.Default _, Value.Any _, Value.Other _ -> false;
        };
    }

    /// @return the hash of the key of the text that the skeleton has read last, or [RowKey#UNKNOWN]
    static long key(Skeleton skeleton, InsertShape shape, RowKey key, ByteBuf in) {
        int literal = shape.literalOf(key.place());
        if (literal < 0) return RowKey.UNKNOWN;
        int from = skeleton.start(literal);
        int to = skeleton.end(literal);
        return switch (skeleton.kind(literal)) {
            case QUOTED -> key.ofQuoted(in, from + 1, to - 1);
            case WHOLE -> key.ofUnquoted(in, from, to);
            case NULL -> key.ofNull();
            case ESCAPED, DECIMAL, BOOL -> RowKey.UNKNOWN;
        };
    }

    /// Appends the row of the text that the skeleton has read last.
    /// @return false if one of its values cannot be said so that it means the same; then out holds half a row
    static boolean write(Skeleton skeleton, InsertShape shape, CopyPlan plan, ByteBuf in, ByteBuf out) {
        for (int column = 0; column < plan.columns(); column++) {
            if (column > 0) out.writeByte('\t');
            int literal = shape.literalOf(plan.valueOf(column));
            if (literal < 0) plan.constant(column, out);
            else if (!value(skeleton.kind(literal), column, plan, in, skeleton.start(literal), skeleton.end(literal), out)) return false;
        }
        out.writeByte('\n');
        return true;
    }

    private static boolean value(Skeleton.Kind kind, int column, CopyPlan plan, ByteBuf in, int from, int to, ByteBuf out) {
        switch (kind) {
            case QUOTED -> {
                if (!plan.mayBeText(column, in, from + 1, to - 1)) return false;
                CopyText.writeQuoted(in, from + 1, to - 1, out);
            }
            case ESCAPED -> {
                return plan.mayBeText(column, in, from + 2, to - 1) && SqlEscapes.write(in, from + 2, to - 1, out);
            }
            case WHOLE, DECIMAL -> {
                if (!plan.numerals(column).takes(in, from, to)) return false;
                out.writeBytes(in, from, to - from);
            }
            case BOOL -> out.writeByte(in.getByte(from) | 0x20);
            case NULL -> CopyText.writeNull(out);
        }
        return true;
    }
}
