package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;

/// What the end of a connection says of its server, and how much that weighs against what was under way: it may be what servers die of, and is not run for ever.
///
/// | the connection ended                                     | its server                                                               | weighs |
/// |----------------------------------------------------------|--------------------------------------------------------------------------|--------|
/// | without a word, or with a PANIC                          | may have died of what it was asked here                                  | 3      |
/// | with the WARNING `57P02` by which it announces a crash   | another of its processes has died: of another session mostly, but it may | 1      |
/// |                                                          | have been a helper of this one, as parallel workers are                  |        |
/// | in any other way: it was told to stop, or is fenced      | has not died                                                             | 0      |
///
/// Law: what weighs [#GIVEN_UP_AT] is not run again: three silent deaths, or nine that were announced. A failover, and another one right behind it, are a pause; a bystander of the
/// crashes of others is patient for longer. From [#SUSPECT_FROM] on, when one more silent death would be the last, it shares no commit.
public enum ServerDeath {
    NONE(0),
    ANNOUNCED(1),
    SILENT(3);

    private static final int GIVEN_UP_AT = 9;
    private static final int SUSPECT_FROM = GIVEN_UP_AT - SILENT.weight;

    private final int weight;

    ServerDeath(int weight) {
        this.weight = weight;
    }

    /// @param ending    of the connection
    /// @param lastWords of the server, as in [Loss]
    public static ServerDeath of(Loss.Ending ending, byte @Nullable [] lastWords) {
        return switch (ending) {
            case END_OF_FILE, BROKEN -> lastWords == null ? SILENT : saidWith(lastWords);
            case SHUT_DOWN -> lastWords != null && panics(lastWords) ? SILENT : NONE;
            case TOLD, FENCED -> NONE;
        };
    }

    private static ServerDeath saidWith(byte[] words) {
        if (panics(words)) return SILENT;
        return ErrorBody.hasSqlState(words, "57P02") ? ANNOUNCED : NONE;
    }

    private static boolean panics(byte[] words) {
        return ErrorBody.field(words, 'V').equals("PANIC");
    }

    public int weight() {
        return weight;
    }

    /// @param weight of all deaths under it
    /// @return it is not run any more
    public static boolean isGivenUp(int weight) {
        return weight >= GIVEN_UP_AT;
    }

    /// @param weight of all deaths under it
    /// @return it may be run, and nothing beside it
    public static boolean isSuspect(int weight) {
        return weight >= SUSPECT_FROM && !isGivenUp(weight);
    }
}
