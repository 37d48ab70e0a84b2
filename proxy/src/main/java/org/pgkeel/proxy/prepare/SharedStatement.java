package org.pgkeel.proxy.prepare;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.ClassCache;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementScan;
import org.pgkeel.proxy.statement.Statements;

/// One prepared statement's text, as many clients and backends may share it. Two clients share it when the text, the
/// parameter types and every setting that can change its meaning are equal, and no change of the catalogue lies between
/// their Parses.
///
/// Threading: immutable, but for what is learnt of its rows and its class.
public final class SharedStatement {
    /// Names in backends begin like this; a client's own name never reaches a backend.
    public static final String NAME_PREFIX = "pgkeel_";
    private static final AtomicInteger NEXT = new AtomicInteger();
    /// What a Bind of a statement is that was made by PREPARE: as little is known as of an EXECUTE.
    private static final StatementClass EXECUTED = Classifier.classify("execute it", Dialect.USUAL, Catalogue.builtin());

    /// How a backend is told the statement.
    public enum Kind {
        /// By a Parse message.
        PARSE,
        /// By the SQL command PREPARE.
        SQL_PREPARE
    }

    private final Kind kind;
    private final Settings meaning;
    private final int generation;
    private final byte[] body;
    private final long hash;
    private final byte[] name;
    private final int flags;
    private final List<Effect> effects;
    private final List<SharedStatement> uses;
    private volatile long rowShape;
    private volatile @Nullable Classified classified;
    private volatile @Nullable Inserting inserting;

    private record Inserting(Dialect dialect, Optional<InsertShape> shape) {}

    /// A class holds for the catalogue it was made by.
    private record Classified(Dialect dialect, Catalogue catalogue, StatementClass statementClass) {}

    private SharedStatement(Kind kind, Settings meaning, int generation, byte[] body, long hash, int flags, List<Effect> effects, List<SharedStatement> uses) {
        this.kind = kind;
        this.meaning = meaning;
        this.generation = generation;
        this.body = body;
        this.hash = hash;
        this.flags = flags;
        this.effects = effects;
        this.name = (NAME_PREFIX + NEXT.incrementAndGet()).getBytes(StandardCharsets.US_ASCII);
        this.uses = uses;
    }

    /// @param body  of the Parse message behind the name: the text with its terminator, and the parameter types
    /// @param flags of [StatementScan]
    static SharedStatement parsed(Settings meaning, int generation, byte[] body, long hash, int flags) {
        return new SharedStatement(Kind.PARSE, meaning, generation, body, hash, flags, flags == StatementScan.PLAIN ? List.of() : effectsOf(meaning, body), List.of());
    }

    /// @param text the PREPARE command with a mark where the name stands
    static SharedStatement prepared(Settings meaning, int generation, byte[] text, long hash) {
        List<Effect> effects = effectsOf(meaning, text);
        return new SharedStatement(Kind.SQL_PREPARE, meaning, generation, text, hash, effects.isEmpty() ? StatementScan.PLAIN : StatementScan.LOOK_CLOSER, effects, List.of());
    }

    /// The same statement of one client, with other names of statements in its text; its effects speak of the client's names.
    /// @param newBody as the body of a Parse message behind the name
    /// @param uses    statements that have to be prepared in the backend before this one runs
    /// @param effects its own, and those of what it executes
    public SharedStatement withNames(byte[] newBody, List<SharedStatement> uses, List<Effect> effects) {
        return new SharedStatement(kind, meaning, generation, newBody, 0, flags, effects, List.copyOf(uses));
    }

    private static List<Effect> effectsOf(Settings meaning, byte[] body) {
        Dialect dialect = Dialect.of(meaning.get("standard_conforming_strings").orElse("on"), meaning.get("client_encoding").orElse("UTF8"));
        return Statements.parse(textOf(body), dialect).stream().map(Statement::effects).flatMap(List::stream).toList();
    }

    private static String textOf(byte[] body) {
        return new String(body, 0, textEnd(body), StandardCharsets.ISO_8859_1);
    }

    private static int textEnd(byte[] body) {
        int end = 0;
        while (end < body.length && body[end] != 0) end++;
        return end;
    }

    /// The SQL, one character for each byte.
    public String text() {
        return textOf(body);
    }

    public Kind kind() {
        return kind;
    }

    /// What the statement is called in every backend that has it.
    public byte[] name() {
        return name;
    }

    public boolean isNamed(byte[] proxyName) {
        return Arrays.equals(name, proxyName);
    }

    /// Of the Parse message behind the name; or the PREPARE command with a mark for the name.
    public byte[] body() {
        return body;
    }

    /// What [StatementScan] found.
    public int flags() {
        return flags;
    }

    /// What the statement does to its session when it completes; of a PREPARE what its EXECUTE does.
    public List<Effect> effects() {
        return effects;
    }

    /// Whether these settings give its text the meaning that it has had where its client prepared it.
    public boolean isOf(Settings otherMeaning) {
        return meaning == otherMeaning || meaning.equals(otherMeaning);
    }

    /// How often the catalogue had changed when a client asked for the statement first.
    public int generation() {
        return generation;
    }

    /// What it is to those who decide where it runs; looked into once for each catalogue.
    ///
    /// @param classes of this event loop
    public StatementClass classOf(ClassCache classes, Dialect dialect, Catalogue catalogue) {
        Classified known = classified;
        if (known == null || known.catalogue != catalogue || !known.dialect.equals(dialect)) {
            known = new Classified(dialect, catalogue, classify(classes, dialect, catalogue));
            classified = known;
        }
        return known.statementClass;
    }

    private StatementClass classify(ClassCache classes, Dialect dialect, Catalogue catalogue) {
        StatementClass ofText = classes.classify(Unpooled.wrappedBuffer(body), 0, textEnd(body), dialect, catalogue);
        boolean elsewhere = ofText.actsElsewhere() || uses.stream().anyMatch(each -> each.classOf(classes, dialect, catalogue).actsElsewhere());
        StatementClass own = kind == Kind.SQL_PREPARE ? EXECUTED : ofText;
        return elsewhere ? own.asElsewhere() : own;
    }

    /// What it is if it is an INSERT; looked into once for each dialect.
    public Optional<InsertShape> insert(Dialect dialect) {
        Inserting known = inserting;
        if (known == null || !known.dialect.equals(dialect)) {
            known = new Inserting(dialect, InsertShape.parse(textOf(body), dialect));
            inserting = known;
        }
        return known.shape;
    }

    /// Of its parameters as the Parse message declares them, 0 where it does not say.
    public int[] parameterTypes() {
        int at = 0;
        while (at < body.length && body[at] != 0) at++;
        int[] types = new int[body.length - at < 3 ? 0 : (body[at + 1] & 0xFF) << 8 | body[at + 2] & 0xFF];
        for (int i = 0; i < types.length; i++) types[i] = (int) INTS.get(body, at + 3 + 4 * i);
        return types;
    }

    /// A node has refused it with `25006`: it writes, whatever the catalogue says.
    public void learnWrite(ClassCache classes, Dialect dialect, Catalogue catalogue) {
        classified = new Classified(dialect, catalogue, classOf(classes, dialect, catalogue).asWrite());
    }

    /// What its rows look like, see [RowShape]; [RowShape#UNKNOWN] as long as no client was told.
    public long rowShape() {
        return rowShape;
    }

    /// A client was told what its rows look like.
    public void rowShape(long told) {
        rowShape = told;
    }

    /// Statements that it executes by their names in the backend.
    public List<SharedStatement> uses() {
        return uses;
    }

    /// Other clients find it by its text.
    public boolean isFound() {
        return hash != 0;
    }

    long hash() {
        return hash;
    }

    boolean is(Kind wanted, Settings wantedMeaning, int wantedGeneration, ByteBuf text, int from, int to) {
        if (kind != wanted || generation != wantedGeneration || to - from != body.length || meaning != wantedMeaning && !meaning.equals(wantedMeaning)) return false;
        int i = 0;
        for (; i + 8 <= body.length; i += 8) {
            if (text.getLongLE(from + i) != (long) LONGS.get(body, i)) return false;
        }
        for (; i < body.length; i++) {
            if (text.getByte(from + i) != body[i]) return false;
        }
        return true;
    }

    private static final java.lang.invoke.VarHandle INTS =
            java.lang.invoke.MethodHandles.byteArrayViewVarHandle(int[].class, java.nio.ByteOrder.BIG_ENDIAN);
    private static final java.lang.invoke.VarHandle LONGS =
            java.lang.invoke.MethodHandles.byteArrayViewVarHandle(long[].class, java.nio.ByteOrder.LITTLE_ENDIAN);
}
