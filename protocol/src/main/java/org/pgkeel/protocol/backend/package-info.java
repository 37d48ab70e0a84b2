/// What servers say: one record per backend message. Heart: [BackendMessage] (encode, and decode by type byte).
/// Read: [Authentication] (the messages that share type `R`), [ErrorFields] (errors and notices),
/// [TransactionStatus] (the word of ReadyForQuery). Depends on `sqlstate`, `wire`.
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.backend;
