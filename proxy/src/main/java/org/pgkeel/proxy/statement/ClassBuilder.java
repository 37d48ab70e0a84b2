package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.statement.Why.Reason;

/// Gathers what a [Classifier] finds in a text. The heaviest finding counts, and of equals the first.
///
/// Threading: confined to the caller.
final class ClassBuilder {
    private final List<StatementKind> kinds = new ArrayList<>(1);
    private final Set<String> relations = new LinkedHashSet<>();
    private final Set<String> functions = new LinkedHashSet<>();
    private Access access = Access.READ;
    private Why why = Why.ONLY_READS;
    private TransactionModes modes = TransactionModes.UNSAID;
    private Optional<Routine> contained = Optional.empty();
    private boolean elsewhere;

    void kind(StatementKind kind) {
        kinds.add(kind);
    }

    void kind(StatementKind kind, Access at, Reason reason, String word) {
        kinds.add(kind);
        raise(at, reason, word);
    }

    void write(Reason reason, String word) {
        raise(Access.WRITE, reason, word);
    }

    /// It does something that hangs on no transaction of this server.
    void elsewhere() {
        elsewhere = true;
    }

    private void raise(Access at, Reason reason, String word) {
        if (at.compareTo(access) > 0) {
            access = at;
            why = new Why(reason, word);
        }
    }

    boolean isWrite() {
        return access == Access.WRITE;
    }

    boolean actsElsewhere() {
        return elsewhere;
    }

    void modes(TransactionModes said) {
        modes = modes.with(said);
    }

    void contained(Optional<Routine> routine) {
        contained = routine;
    }

    void relation(String name) {
        if (!name.isEmpty()) relations.add(name);
    }

    void function(String name) {
        functions.add(name);
        elsewhere |= name.startsWith("dblink", name.lastIndexOf('.') + 1);
    }

    /// @param characters of the names and the hint, which have one character for each byte so far
    StatementClass build(String hint, Characters characters, boolean plain) {
        return new StatementClass(access, why, kinds, modes, relations.stream().map(characters::textOrBytes).toList(), functions.stream().map(characters::textOrBytes).toList(),
                characters.textOrBytes(hint), plain, kinds.size() == 1 ? contained : Optional.empty(),
                elsewhere);
    }
}
