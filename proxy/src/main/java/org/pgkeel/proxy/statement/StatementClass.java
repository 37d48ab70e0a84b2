package org.pgkeel.proxy.statement;

import java.util.List;
import java.util.Optional;

/// What one text of a Query or Parse message is, to those who decide where it may run and whether it may run again.
///
/// Threading: immutable.
public final class StatementClass {
    /// A text that was not looked into, as for its length.
    public static final StatementClass UNREAD =
            new StatementClass(Access.WRITE, new Why(Why.Reason.UNREADABLE, ""), List.of(StatementKind.OTHER), TransactionModes.UNSAID, List.of(), List.of(), "", false, Optional.empty(), false);

    private final Access access;
    private final Why why;
    private final List<StatementKind> kinds;
    private final long kindBits;
    private final TransactionModes modes;
    private final List<String> relations;
    private final List<String> functions;
    private final String hint;
    private final boolean plain;
    private final Optional<Routine> contained;
    private final boolean elsewhere;

    StatementClass(Access access, Why why, List<StatementKind> kinds, TransactionModes modes, List<String> relations, List<String> functions, String hint, boolean plain, Optional<Routine> contained,
                   boolean elsewhere) {
        this.access = access;
        this.why = why;
        this.kinds = List.copyOf(kinds);
        long bits = kinds.stream().mapToLong(StatementKind::bit).reduce(0, (a, b) -> a | b);
        this.kindBits = functions.stream().anyMatch(StatementClass::notifies) ? bits | StatementKind.NOTIFY.bit() : bits;
        this.modes = modes;
        this.relations = List.copyOf(relations);
        this.functions = List.copyOf(functions);
        this.hint = hint;
        this.plain = plain;
        this.contained = contained;
        this.elsewhere = elsewhere;
    }

    /// The heaviest of its statements.
    public Access access() {
        return access;
    }

    public boolean isRead() {
        return access == Access.READ;
    }

    /// Why [#access] is what it is.
    public Why why() {
        return why;
    }

    /// One for each statement, in the order of the text; empty for an empty text.
    public List<StatementKind> kinds() {
        return kinds;
    }

    private static boolean notifies(String function) {
        return function.equals("pg_notify") || function.equals("pg_catalog.pg_notify");
    }

    /// Whether one of its statements is of this kind; what calls `pg_notify` is of the kind NOTIFY, too.
    public boolean has(StatementKind kind) {
        return (kindBits & kind.bit()) == kind.bit();
    }

    /// It writes a foreign table, calls `dblink`, or has COPY start a program; or what it prepares does. What that does elsewhere hangs on no transaction of this server, so
    /// that it is never to be run a second time.
    public boolean actsElsewhere() {
        return elsewhere;
    }

    /// The same text, which executes something that acts elsewhere.
    public StatementClass asElsewhere() {
        return new StatementClass(access, why, kinds, modes, relations, functions, hint, plain, contained, true);
    }

    /// What its BEGIN or SET TRANSACTION says; [TransactionModes#UNSAID] without one.
    public TransactionModes modes() {
        return modes;
    }

    /// The relations it names behind FROM, JOIN, INTO and the like: qualified if it qualifies them, unquoted names in lower
    /// case. Names of its own WITH queries are among them.
    public List<String> relations() {
        return relations;
    }

    /// The functions it calls, named as its relations are.
    public List<String> functions() {
        return functions;
    }

    /// What stands behind `pgkeel:` in a comment that the text begins with; empty if there is none.
    public String hint() {
        return hint;
    }

    /// [StatementScan] needs no look at the text: it would find nothing that concerns the session, a transaction or the catalogue, or only words in its strings.
    public boolean isPlain() {
        return plain;
    }

    /// What its CALL or DO runs, if that is all of the text and ends no transaction, or nothing is known of it.
    public Optional<Routine> contained() {
        return contained;
    }

    /// The same text, of which a node has said with `25006` that it writes.
    public StatementClass asWrite() {
        return new StatementClass(Access.WRITE, new Why(Why.Reason.FUNCTION_MAY_WRITE, "25006"), kinds, modes, relations, functions, hint, plain, contained, elsewhere);
    }

    @Override
    public String toString() {
        return access + " (" + why + ") " + kinds;
    }
}
