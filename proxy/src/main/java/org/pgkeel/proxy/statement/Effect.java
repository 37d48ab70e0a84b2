package org.pgkeel.proxy.statement;

import java.util.List;
import java.util.Optional;

/// One thing that a statement does to its session, if it completes without an error.
/// A statement without effects can run on any backend connection that has the client's settings.
public sealed interface Effect {

    // --- settings ---

    /// `SET name TO value`, `set_config('name', 'value', false)` and the special forms of SET.
    ///
    /// @param name  in lower case and as `pg_settings` knows it (`TIME ZONE` is `timezone`, `NAMES` is `client_encoding`)
    /// @param value what the server stores before it checks it: the text that `set_config` would take for the same effect
    record SetParameter(String name, String value) implements Effect {}

    /// `set_config('name', $1, false)`: what it sets is known when a value is bound.
    ///
    /// @param number of the parameter, from 1 on
    record SetToBound(String name, int number) implements Effect {
        /// What it does with this value.
        ///
        /// @param value one character for each byte; empty when it is NULL, which stands for the default
        public List<Effect> with(Optional<String> value, Characters characters) {
            return SetStatement.ofCall(name, value, characters);
        }
    }

    /// `SET LOCAL`, `set_config(..., true)`: gone with the transaction. (`SET TRANSACTION` has no effect here: it says how the
    /// transaction runs.)
    ///
    /// @param name  in lower case; empty when the text does not tell
    /// @param value empty when the text does not tell
    record SetLocal(String name, Optional<String> value) implements Effect {}

    /// `RESET name`, `SET name TO DEFAULT`, `SET TIME ZONE LOCAL`.
    record ResetParameter(String name) implements Effect {}

    /// `RESET ALL`; it leaves `role` and `session_authorization` as they are.
    record ResetAll() implements Effect {}

    /// `DISCARD ALL`: all session state goes.
    record DiscardAll() implements Effect {}

    /// `DISCARD PLANS`, `DISCARD SEQUENCES`, `DISCARD TEMP`.
    record Discard(What what) implements Effect {
        public enum What { PLANS, SEQUENCES, TEMP }
    }

    // --- transactions ---

    /// `BEGIN`, `START TRANSACTION`.
    record Begin() implements Effect {}

    /// `COMMIT`, `END`. The command tag says `ROLLBACK` when the transaction had failed.
    ///
    /// @param andChain a new transaction starts at once
    record Commit(boolean andChain) implements Effect {}

    /// `ROLLBACK`, `ABORT`.
    ///
    /// @param andChain a new transaction starts at once
    record Rollback(boolean andChain) implements Effect {}

    record Savepoint(String name) implements Effect {}

    record RollbackTo(String name) implements Effect {}

    record Release(String name) implements Effect {}

    /// `PREPARE TRANSACTION`: ends the block, settings are kept as by COMMIT.
    record PrepareTransaction() implements Effect {}

    // --- SQL-level prepared statements ---

    /// A prepared statement's name where it stands in the text.
    ///
    /// @param value what it means: in lower case unless it was quoted
    /// @param from  index of its first character, the quote included
    /// @param to    index after its last character
    record Name(String value, int from, int to) {}

    /// `PREPARE name AS ...`.
    record PrepareStatement(Name name) implements Effect {}

    /// `EXECUTE name`, also below EXPLAIN and CREATE TABLE AS.
    record ExecuteStatement(Name name) implements Effect {}

    /// `DEALLOCATE name`.
    record Deallocate(Name name) implements Effect {}

    record DeallocateAll() implements Effect {}

    // --- what else a session holds ---

    record Listen(String channel) implements Effect {}

    record Unlisten(String channel) implements Effect {}

    record UnlistenAll() implements Effect {}

    /// `CLOSE name`: one cursor less, perhaps one `WITH HOLD`.
    record CloseCursor() implements Effect {}

    /// `CLOSE ALL`: no cursor is left, those `WITH HOLD` included.
    record CloseAll() implements Effect {}

    /// `pg_advisory_unlock`: one session-level lock less, perhaps.
    record AdvisoryUnlock() implements Effect {}

    record AdvisoryUnlockAll() implements Effect {}

    /// `currval`, `lastval`: right only on the backend, and mostly in the transaction, that drew the number.
    record SessionSequence() implements Effect {}

    /// `CREATE`, `ALTER`, `DROP`: cached statements may have changed their meaning.
    record Ddl() implements Effect {}

    /// `DROP DATABASE`, `ALTER DATABASE ... RENAME` or `SET TABLESPACE`, `CREATE DATABASE ... TEMPLATE`: the server wants no other session in that database.
    record VacateDatabase(String name) implements Effect {}

    /// `CREATE TEMP TABLE`: names mean something else, for this session alone.
    record TemporaryTable() implements Effect {}

    /// Session state that cannot be carried: the client keeps the backend connection.
    record Pin(PinReason reason) implements Effect {}
}
