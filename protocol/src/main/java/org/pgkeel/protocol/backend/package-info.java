/// What backends say: one record per backend message. Heart: [BackendMessage]; [TransactionStatus] is the word of ReadyForQuery.
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.backend;
