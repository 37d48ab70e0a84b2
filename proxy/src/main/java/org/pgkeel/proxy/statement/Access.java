package org.pgkeel.proxy.statement;

/// What a text does, as far as it decides which node may run it. Later constants weigh more: a text of several statements has
/// the heaviest of theirs.
public enum Access {
    /// Can only read what every node of the cluster has: may run on a replica.
    READ,
    /// Changes or asks the session alone: `SET`, `DISCARD`, `PREPARE`.
    SESSION,
    /// Begins, ends or marks a transaction.
    TRANSACTION,
    /// May write, or nothing certain is known: belongs to the primary.
    WRITE
}
