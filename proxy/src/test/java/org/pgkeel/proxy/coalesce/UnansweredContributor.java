package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.ServerDeath;

/// A client of a test without a server: nothing can be answered, so any answer is a bug. Nothing waits on disk, nor runs alone, where a test does not say so. It has no socket to read from.
interface UnansweredContributor extends Contributor {
    @Override
    default void pauseReading() {}

    @Override
    default int serverDied(ServerDeath how, long reign) {
        throw new AssertionError();
    }

    @Override
    default void alone() {
        throw new AssertionError();
    }

    @Override
    default void committed(ByteBuf notices) {
        throw new AssertionError();
    }

    @Override
    default void committed(ByteBuf replies, int from, int to, ByteBuf notices) {
        throw new AssertionError();
    }

    @Override
    default void failed(ByteBuf replies, int from, int to, byte[] error) {
        throw new AssertionError();
    }

    @Override
    default void refused(Refusal refusal) {
        throw new AssertionError(refusal);
    }

    @Override
    default void unknown() {
        throw new AssertionError();
    }

    @Override
    default void lost(String why) {
        throw new AssertionError(why);
    }

    @Override
    default void broken(Throwable bug) {
        throw new AssertionError(bug);
    }

    @Override
    default void away(int bytes) {
        throw new AssertionError();
    }

    @Override
    default void back(byte[] request) {
        throw new AssertionError();
    }

    @Override
    default void refusedAway(Refusal refusal) {
        throw new AssertionError(refusal);
    }
}
