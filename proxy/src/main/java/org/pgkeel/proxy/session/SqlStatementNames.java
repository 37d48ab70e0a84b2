package org.pgkeel.proxy.session;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.Statement;

/// The names of prepared statements in SQL text: PREPARE, EXECUTE and DEALLOCATE name what the client has, the backend
/// knows it by the proxy's name.
/// <https://www.postgresql.org/docs/current/sql-prepare.html>
///
/// Threading: confined to the session's event loop.
final class SqlStatementNames {
    /// Where the name stands in the text of a [SharedStatement] that PREPARE makes: nothing that can stand in front of a name there.
    private static final String NAME_PLACE = "\u0001%s\u0001";

    private final ClientSession session;

    SqlStatementNames(ClientSession session) {
        this.session = session;
    }

    /// @param text     with the proxy's names
    /// @param needed   statements that have to be prepared in the backend before it
    /// @param made     statements that it prepares, and that must not be prepared in the backend before it
    /// @param prepares what each PREPARE in it makes
    /// @param anew     those of them whose name is free only when the text has deallocated it: it stands for them from their completion on
    /// @param executes what each EXECUTE in it runs
    record Renamed(String text, List<SharedStatement> needed, List<SharedStatement> made, Map<Statement, PendingParse> prepares, Set<Statement> anew,
                   Map<Statement, SharedStatement> executes, Optional<Refusal> refusal) {
        /// What a statement of the text does to its session, by itself and by what it executes.
        List<Effect> effects(Statement statement) {
            SharedStatement executed = executes.get(statement);
            return executed == null ? statement.effects() : Stream.concat(statement.effects().stream(), executed.effects().stream()).toList();
        }
    }

    /// A statement that was made by a PREPARE whose text had deallocated its name before.
    record Anew(PendingParse made) {}

    static boolean concerns(Statement statement) {
        return statement.effects().stream().anyMatch(effect -> effect instanceof Effect.PrepareStatement
                || effect instanceof Effect.ExecuteStatement || effect instanceof Effect.Deallocate);
    }

    /// @param leased where it runs
    /// @param text   decoded as ISO 8859-1, so that characters are bytes
    Renamed rename(BackendConnection leased, String text, List<Statement> statements) {
        ClientStatements names = session.statements();
        StatementCache cache = session.context().statements();
        Settings meaning = session.settings().meaning();
        StringBuilder out = new StringBuilder(text.length() + 32);
        var needed = new ArrayList<SharedStatement>();
        var made = new ArrayList<SharedStatement>();
        var prepares = new IdentityHashMap<Statement, PendingParse>();
        var anew = Collections.<Statement>newSetFromMap(new IdentityHashMap<>());
        var executes = new IdentityHashMap<Statement, SharedStatement>();
        var here = new NamesOfText();
        int copied = 0;
        for (Statement statement : statements) {
            if (statement.effects().stream().noneMatch(Effect.PrepareStatement.class::isInstance)) here.mayBeGone();
            for (Effect effect : statement.effects()) {
                switch (effect) {
                    case Effect.PrepareStatement(var name) when here.fresh.contains(name.value()) ->
                            copied = replace(out, text, copied, name, here.prepared.get(name.value()));   // the server refuses it, with what stands before it done
                    case Effect.PrepareStatement(var name) -> {
                        if (here.get(name.value()) != null) {
                            return refused(Refusal.of(RefusalReason.DUPLICATE_PREPARED_STATEMENT, "prepared statement \"" + name.value() + "\" already exists"));
                        }
                        Refusal tooMany = ClientStatements.refusalBeyond(here.size(), session.context().config().prepared());
                        if (tooMany != null) return refused(tooMany);
                        String template = text.substring(statement.from(), name.from()) + NAME_PLACE + text.substring(name.to(), statement.to());
                        SharedStatement prepared = cache.findPrepare(meaning, names.generation(), Unpooled.wrappedBuffer(bytes(template)));
                        for (int same = 1; here.prepared.containsValue(prepared); same++) {   // two names for one text: each has its own in the server
                            prepared = cache.findPrepare(meaning, names.generation(), Unpooled.wrappedBuffer(bytes(template + "/* " + (here.prepared.size() + same) + " */")));
                        }
                        if (here.hasDeallocated(name.value())) anew.add(statement);
                        here.prepared.put(name.value(), prepared);
                        here.fresh.add(name.value());
                        if (!needed.contains(prepared)) made.add(prepared);   // else the text itself deallocates it first
                        prepares.put(statement, new PendingParse(prepared, bytes(name.value()), null));
                        copied = replace(out, text, copied, name, prepared);
                    }
                    case Effect.ExecuteStatement(var name) -> {
                        SharedStatement known = here.get(name.value());
                        SharedStatement executed = known == null || here.prepared.containsKey(name.value()) ? known : names.toldTo(leased, known);
                        if (executed != null && executed != known) names.isCalled(bytes(name.value()), executed);
                        if (executed != null) executes.put(statement, executed);
                        copied = use(out, text, copied, name, executed, here, needed);
                    }
                    case Effect.Deallocate(var name) -> {
                        copied = use(out, text, copied, name, here.get(name.value()), here, needed);
                        here.deallocated(name.value());
                    }
                    case Effect.DeallocateAll _ -> here.deallocatedAll();
                    default -> { }
                }
            }
        }
        prepares.forEach((statement, prepared) -> {
            if (!anew.contains(statement)) names.put(prepared.name(), prepared.statement());
        });
        return new Renamed(out.append(text, copied, text.length()).toString(), needed, made, prepares, anew, executes, Optional.empty());
    }

    /// What the client's names stand for at a place of a text, if all that stands before it succeeds; what fails ends the text.
    private final class NamesOfText {
        private final Map<String, SharedStatement> prepared = new HashMap<>();
        /// Those of them that are in the server for sure when it comes to the next PREPARE.
        private final Set<String> fresh = new HashSet<>();
        private final Set<String> deallocated = new HashSet<>();
        private boolean allDeallocated;

        /// Whatever is not a PREPARE might have deallocated, in a function.
        void mayBeGone() {
            fresh.clear();
        }

        void deallocated(String name) {
            prepared.remove(name);
            deallocated.add(name);
        }

        void deallocatedAll() {
            prepared.clear();
            allDeallocated = true;
        }

        boolean hasDeallocated(String name) {
            return allDeallocated || deallocated.contains(name);
        }

        /// How many there are.
        int size() {
            return (allDeallocated ? 0 : session.statements().size() - deallocated.size()) + prepared.size();
        }

        /// @return null if it stands for nothing
        @Nullable SharedStatement get(String name) {
            SharedStatement mine = prepared.get(name);
            return mine != null || hasDeallocated(name) ? mine : session.statements().get(bytes(name));
        }
    }

    /// The server says that it does not exist; unless it is somebody else's statement there, so that name must not reach it.
    private static int useUnknown(StringBuilder out, String text, int copied, Effect.Name name) {
        if (!name.value().startsWith(SharedStatement.NAME_PREFIX)) return copied;
        out.append(text, copied, name.from()).append('"').append(ToldNames.CLIENTS).append(name.value().replace('"', ' ')).append('"');
        return name.to();
    }

    private static int use(StringBuilder out, String text, int copied, Effect.Name name, @Nullable SharedStatement known, NamesOfText here, List<SharedStatement> needed) {
        if (known == null) return useUnknown(out, text, copied, name);
        if (!here.prepared.containsKey(name.value())) needed.add(known);
        return replace(out, text, copied, name, known);
    }

    private static int replace(StringBuilder out, String text, int copied, Effect.Name name, SharedStatement statement) {
        out.append(text, copied, name.from()).append(new String(statement.name(), StandardCharsets.US_ASCII));
        return name.to();
    }

    private static Renamed refused(Refusal refusal) {
        return new Renamed("", List.of(), List.of(), Map.of(), Set.of(), Map.of(), Optional.of(refusal));
    }

    static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// The PREPARE command of a statement that was made by one.
    static String command(SharedStatement statement) {
        String template = new String(statement.body(), StandardCharsets.ISO_8859_1);
        int at = template.indexOf(NAME_PLACE);
        return template.substring(0, at) + new String(statement.name(), StandardCharsets.US_ASCII) + template.substring(at + NAME_PLACE.length());
    }
}
