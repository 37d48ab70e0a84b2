package org.pgkeel.proxy.catalogue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What names mean for reading and writing in one database. It knows names, not signatures or schemas: a name is harmless only
/// if everything in the database that has it is.
///
/// Threading: immutable; two are the same only if they are one object.
public final class Catalogue {
    /// What is known of a function's name.
    public enum Function {
        /// Every function of this name is stable or immutable, or known to be harmless.
        HARMLESS,
        /// One of this name is volatile, or rests on something that is.
        MAY_WRITE,
        /// There was none of this name.
        UNKNOWN
    }

    /// What is known of a procedure's name.
    public enum Procedure {
        /// Every procedure of the name ends no transaction, and calls none that might.
        CONTAINED,
        /// One of this name may end a transaction, or its name cannot be told.
        MAY_END,
        /// There was none of this name.
        UNKNOWN
    }

    /// Why a statement that names something may not be a read for replicas.
    public enum Hazard {
        /// A view, or a table with a policy or type, that rests on a volatile function.
        VIEW('v'),
        FOREIGN('e'),
        /// The replicas do not have its rows.
        UNLOGGED('n'),
        /// A domain, base type or type with casts and operators that rest on a volatile function.
        TYPE('t'),
        /// A volatile function of one row argument, which `row.name` calls too.
        ROW_FUNCTION('c');

        private final char kind;

        Hazard(char kind) {
            this.kind = kind;
        }
    }

    /// One row of the answer to [CatalogueQuery].
    ///
    /// @param kind `f` harmless function, `u` function that may write, `o` operator that may write, `x` everything may
    ///             write, `p` procedure that ends no transaction, `q` procedure that may, or a hazard's letter
    public record Row(char kind, String name) {}

    private static final Catalogue UNKNOWN =
            new Catalogue(false, BuiltinFunctions.harmless(), BuiltinFunctions.mayWrite(), Map.of(), List.of(), Map.of(), false);
    private static final Catalogue BUILTIN =
            new Catalogue(true, BuiltinFunctions.harmless(), BuiltinFunctions.mayWrite(), Map.of(), List.of(), Map.of(), false);

    private final boolean fetched;
    private final Set<String> harmless;
    private final Set<String> mayWrite;
    private final Map<String, Hazard> hazards;
    private final boolean hazardsBeyondAscii;
    private final List<String> operators;
    private final Map<String, Procedure> procedures;
    private final boolean unsafe;

    private Catalogue(boolean fetched, Set<String> harmless, Set<String> mayWrite, Map<String, Hazard> hazards, List<String> operators, Map<String, Procedure> procedures, boolean unsafe) {
        this.fetched = fetched;
        this.harmless = harmless;
        this.mayWrite = mayWrite;
        this.hazards = hazards;
        this.hazardsBeyondAscii = hazards.keySet().stream().anyMatch(name -> !isAscii(name));
        this.operators = operators;
        this.procedures = procedures;
        this.unsafe = unsafe;
    }

    /// Nothing has been asked yet: only what comes with PostgreSQL is known, and of no relation whether it is a view.
    public static Catalogue unknown() {
        return UNKNOWN;
    }

    /// A database without functions, views and types of its own. For explanations without a database; no proxy may rely on it.
    public static Catalogue builtin() {
        return BUILTIN;
    }

    /// @param rows the answer to [CatalogueQuery#SQL]
    /// @throws IllegalArgumentException if a row's kind is none that the query makes
    public static Catalogue of(Iterable<Row> rows) {
        Set<String> harmless = new HashSet<>();
        Set<String> mayWrite = new HashSet<>();
        Map<String, Hazard> hazards = new HashMap<>();
        List<String> operators = new ArrayList<>();
        Map<String, Procedure> procedures = new HashMap<>();
        boolean unsafe = false;
        for (Row row : rows) {
            switch (row.kind()) {
                case 'f' -> harmless.add(row.name());
                case 'u' -> mayWrite.add(row.name());
                case 'o' -> operators.add(row.name());
                case 'p' -> procedures.put(row.name(), Procedure.CONTAINED);
                case 'q' -> procedures.put(row.name(), Procedure.MAY_END);
                case 'x' -> unsafe = true;
                default -> hazards.merge(row.name(), hazard(row.kind()), (one, other) -> one == Hazard.FOREIGN ? one : other);
            }
        }
        BuiltinFunctions.removeThoseThatWrite(harmless, mayWrite);
        harmless.removeAll(mayWrite);
        return new Catalogue(true, Set.copyOf(harmless), Set.copyOf(mayWrite), Map.copyOf(hazards), List.copyOf(operators), Map.copyOf(procedures), unsafe);
    }

    private static Hazard hazard(char kind) {
        for (Hazard hazard : Hazard.values()) {
            if (hazard.kind == kind) return hazard;
        }
        throw new IllegalArgumentException("a row of kind '" + kind + "'");
    }

    /// Whether relations, types and functions of the database's own are known.
    public boolean isFetched() {
        return fetched;
    }

    /// Whether no statement of this database can be called a read: something without a name in the text may write.
    public boolean isUnsafe() {
        return unsafe;
    }

    /// @param name as the server sees it, without its schema
    public Function function(String name) {
        if (harmless.contains(name)) return Function.HARMLESS;
        return mayWrite.contains(name) ? Function.MAY_WRITE : Function.UNKNOWN;
    }

    /// What an identifier may stand for, wherever it is in a statement.
    ///
    /// @param identifier as the server sees it; letters beyond ASCII in any decoding
    /// @return null if there is no hazard
    public @org.jspecify.annotations.Nullable Hazard hazard(String identifier) {
        if (hazardsBeyondAscii && !isAscii(identifier)) return Hazard.VIEW;
        return hazards.get(identifier);
    }

    /// Whether a relation of this name, of whatever schema, is, or may be, another server's.
    public boolean mayBeForeign(String name) {
        if (hazardsBeyondAscii && !isAscii(name)) return hazards.containsValue(Hazard.FOREIGN);
        return hazards.get(name) == Hazard.FOREIGN;
    }

    /// Whether a run of operator characters may hold an operator that writes.
    public boolean operatorMayWrite(String run) {
        for (String operator : operators) {
            if (run.contains(operator)) return true;
        }
        return false;
    }

    /// @param name as the server sees it, without its schema
    public Procedure procedure(String name) {
        return isAscii(name) ? procedures.getOrDefault(name, Procedure.UNKNOWN) : Procedure.MAY_END;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
