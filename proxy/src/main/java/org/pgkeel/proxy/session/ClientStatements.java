package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.PreparedConfig;
import org.pgkeel.proxy.prepare.NamedStatements;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.StatementClass;

/// What one client has prepared: the statements behind its names and behind no name; and what kind of statement a text of its is.
///
/// The unnamed statement is one of: none; one that backends keep prepared by a name of the proxy's (*kept*); one that stands in a single backend by no
/// name (*own*); one that was too long to be looked into (*unseen*: only its backend knows it).
///
/// Invariant: where the client outlives its backend, a name that a message changes is noted by the message's batch until that is answered, so that
/// [#undo] gives all names back the meaning that they had before the first batch that is not answered.
///
/// Threading: confined to the session's event loop.
final class ClientStatements implements AnsweredNames.Statements {
    static final byte[] UNNAMED = {};
    private static final int OWN_READINGS_MAX = 1000;

    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientSettings settings;
    private final NamedStatements named = new NamedStatements();
    private @Nullable SharedStatement unnamed;
    private boolean unnamedIsKept;
    private boolean unnamedIsUnseen;
    /// What backends were told in the place of a statement while its text could mean something to this client alone.
    private Map<SharedStatement, SharedStatement> ownReadings = Map.of();
    private @Nullable NamesJournal journal;
    private @Nullable ToldNames told;

    ClientStatements(SessionContext context, DatabasePool pool, ClientSettings settings) {
        this.context = context;
        this.pool = pool;
        this.settings = settings;
    }

    // --- those with a name

    int size() {
        return named.size();
    }

    /// Why the client may not prepare one more.
    /// @param size how many it has then
    static @Nullable Refusal refusalBeyond(int size, PreparedConfig config) {
        if (size < config.perClient()) return null;
        return Refusal.of(RefusalReason.TOO_MANY_STATEMENTS, "a client may have " + config.perClient() + " prepared statements", "The limit is prepared.per-client.");
    }

    /// @return null if the client has no statement of that name
    @Override
    public @Nullable SharedStatement get(ByteBuf in, int from, int to) {
        return named.get(in, from, to);
    }

    /// @return null if the client has no statement of that name
    @Nullable SharedStatement get(byte[] name) {
        return named.get(name);
    }

    /// What the client prepared under a name, or under none; null if nothing.
    @Nullable SharedStatement get(String name) {
        return name.isEmpty() ? unnamed : named.get(SqlStatementNames.bytes(name));
    }

    /// A Parse for the backend makes a statement that had not been there.
    void name(BackendConnection leased, byte[] name, SharedStatement statement) {
        changes(leased, name, null);
        named.put(name, statement);
    }

    /// A PREPARE makes a statement.
    void put(byte[] name, SharedStatement statement) {
        named.put(name, statement);
    }

    /// A statement that the client prepares while it has no backend.
    @Override
    public void keepName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
        byte[] name = new byte[nameTo - nameFrom];
        in.getBytes(nameFrom, name);
        named.put(name, context.statements().ownOf(settings.meaning(), generation(), in, text, next));
    }

    /// As [#keepName], of a statement that nothing but its name is known of: whether it is right is seen when it is used.
    /// @return false if the name is taken, or the statement does something to the session
    @Override
    public boolean keepNewName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
        if (named.get(in, nameFrom, nameTo) != null || refusalBeyond(named.size(), context.config().prepared()) != null) return false;
        keepName(in, nameFrom, nameTo, text, next);
        SharedStatement kept = named.get(in, nameFrom, nameTo);
        if (kept == null || kept.effects().isEmpty()) return kept != null;
        byte[] name = new byte[nameTo - nameFrom];
        in.getBytes(nameFrom, name);
        named.remove(name);
        return false;
    }

    /// The client closes a statement while it has no backend.
    @Override
    public void remove(byte[] name) {
        named.remove(name);
    }

    /// DEALLOCATE.
    /// @return what had the name; null if nothing
    @Nullable SharedStatement deallocate(byte[] name) {
        SharedStatement gone = named.remove(name);
        if (gone != null) told().gone(name, gone);
        return gone;
    }

    /// A Close for the backend.
    /// @param name empty for the unnamed statement
    /// @return what had the name; null if nothing
    @Nullable SharedStatement close(BackendConnection leased, byte[] name) {
        SharedStatement before = name.length == 0 ? unnamed : named.remove(name);
        if (before != null) changes(leased, name, before);
        if (name.length == 0) unnamed = null;
        return before;
    }

    /// DEALLOCATE ALL.
    void deallocateAll() {
        named.clear();
        ownReadings = Map.of();
    }

    /// DISCARD ALL.
    void forgetAll() {
        named.clear();
        ownReadings = Map.of();
        unnamed = null;
    }

    // --- in a backend

    /// What a backend is to be told of one of the client's statements. Where it does not have it yet, it reads the text by the settings that it has now: if
    /// they are not those of the client's Parse, what it makes of it must not be taken by others for what they have prepared.
    /// @return another statement with the same text in such a case, see [#isCalled]
    SharedStatement toldTo(BackendConnection leased, SharedStatement statement) {
        boolean own = settings.meaningIsOwn();
        if (!own && statement.isOf(settings.meaning()) || !statement.isFound() || leased.statements().has(statement)) return statement;
        return own ? ownReading(statement) : context.statements().find(settings.meaning(), statement);
    }

    /// The client's own, where its settings or its tables are those of a transaction or of a backend that it keeps.
    private SharedStatement ownReading(SharedStatement statement) {
        SharedStatement known = ownReadings.get(statement);
        if (known != null && known.isOf(settings.meaning())) return known;
        if (ownReadings.isEmpty() || ownReadings.size() == OWN_READINGS_MAX) ownReadings = new IdentityHashMap<>();
        SharedStatement made = context.statements().ownOf(settings.meaning(), statement);
        ownReadings.put(statement, made);
        return made;
    }

    /// What a backend is told has this name to the client.
    void isCalled(byte[] name, SharedStatement told) {
        told().isCalled(name, told);
    }

    // --- the one without

    @Nullable SharedStatement unnamed() {
        return unnamed;
    }

    /// The unnamed statement if backends have it under a name; null if there is none, or it stands in one backend only.
    @Nullable SharedStatement unnamedKept() {
        return unnamedIsKept ? unnamed : null;
    }

    boolean unnamedIsKept() {
        return unnamedIsKept;
    }

    boolean unnamedIsUnseen() {
        return unnamedIsUnseen;
    }

    /// A Parse without a name is about to be dealt with.
    /// @return what the unnamed statement has been
    @Nullable SharedStatement unnamedChanges(BackendConnection leased) {
        unnamedIsUnseen = false;
        changes(leased, UNNAMED, unnamed);
        return unnamed;
    }

    /// It is this one, which backends keep.
    void unnamedKept(SharedStatement statement) {
        unnamed = statement;
        unnamedIsKept = true;
    }

    /// It is this one, which no backend keeps.
    void unnamedOwn(SharedStatement statement) {
        unnamed = statement;
        unnamedIsKept = false;
    }

    /// It is one that cannot be looked into.
    void unnamedUnseen(BackendConnection leased) {
        changes(leased, UNNAMED, unnamed);
        unnamed = null;
        unnamedIsUnseen = true;
    }

    /// A simple Query for the backend ends it.
    void queryBegins(BackendConnection leased) {
        if (unnamed != null) changes(leased, UNNAMED, unnamed);
        unnamed = null;
        leased.statements().unnamed(null);
    }

    /// The client has prepared it on a backend that is lost.
    @Override
    public void keepUnnamed(ByteBuf in, int text, int next) {
        unnamedOwn(context.statements().ownOf(settings.meaning(), generation(), in, text, next));
    }

    /// It is gone.
    @Override
    public void forgetUnnamed() {
        unnamed = null;
    }

    /// It is what it was: a Parse failed, or did not happen.
    void restoreUnnamed(@Nullable SharedStatement before) {
        unnamed = before;
        unnamedIsKept = before != null && before.isFound();
    }

    // --- when what the client asked did not happen

    /// A message of the batch that is open changes what a name stands for.
    private void changes(BackendConnection leased, byte[] name, @Nullable SharedStatement before) {
        if (!pool.clientsOutliveBackends()) return;
        NamesJournal changes = journal;
        if (changes == null) journal = changes = new NamesJournal();
        changes.changes(leased.exchange().openBatch(), name, before);
    }

    /// A name has its meaning again: a Parse, PREPARE or Close did not happen after all.
    /// @param name empty for the unnamed statement
    void restore(byte[] name, @Nullable SharedStatement before) {
        SharedStatement failed = name.length == 0 ? unnamed : named.get(name);
        if (failed != null && failed != before) told().gone(name, failed);
        if (name.length == 0) restoreUnnamed(before);
        else if (before == null) named.remove(name);
        else named.put(name, before);
    }

    /// Batches below this one are answered.
    void answered(int batches) {
        if (journal != null) journal.answered(batches);
    }

    /// The backend is lost: what is not answered did not happen.
    void undo() {
        NamesJournal changed = journal;
        if (changed != null) changed.undo(this::restore);
        unnamedIsUnseen = false;
    }

    // --- what they mean

    /// An error about a prepared statement with the client's name for it.
    /// @return null if it names none of the client's statements
    byte @Nullable [] inItsWords(byte[] errorBody) {
        return told().told(errorBody, unnamed);
    }

    private ToldNames told() {
        ToldNames mine = told;
        if (mine == null) told = mine = new ToldNames(named);
        return mine;
    }

    /// How often the catalogue has changed, as far as the proxy saw.
    int generation() {
        return pool.shared().catalogGeneration();
    }

    StatementClass classOf(String text) {
        return Classifier.classify(text, settings.dialect(), pool.catalogue());
    }

    StatementClass classOf(SharedStatement statement) {
        return statement.classOf(context.classes(), settings.dialect(), pool.catalogue());
    }

    StatementClass classOf(ByteBuf in, int from, int to) {
        return context.classes().classify(in, from, to, settings.dialect(), pool.catalogue());
    }

    /// What the text says is only a read has turned out to write.
    void learnWrite(ByteBuf in, int from, int to) {
        context.classes().learnWrite(in, from, to, settings.dialect(), pool.catalogue());
    }

    /// What the statement says is only a read has turned out to write.
    void learnWrite(SharedStatement statement) {
        statement.learnWrite(context.classes(), settings.dialect(), pool.catalogue());
    }
}
