package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.wire.WireClient;

/// Clients that keep a backend when their cluster has a primary again, with LISTEN, a transaction or a long statement, hold nobody up; and those that listen
/// go on where they were when they are refused meanwhile.
final class KeptBackendsEndToEndTest {
    @RegisterExtension
    static final HoldWorld world = new HoldWorld();

    private void startSlowDrain() throws SQLException {
        world.startProxy(HoldWorld.PATIENT + ", drain-concurrency = 1", "runtime.event-loops = 1");
    }

    /// Two that wait behind those who wait already are served.
    private void assertOthersAreServed(List<WireClient> others) throws Exception {
        int ahead = (int) world.hold("waiting");
        for (int i = 0; i < others.size(); i++) {
            others.get(i).send(new Query("select 'served'"));
            world.awaitWaiting(ahead + i + 1);
        }
        world.comeBack();
        for (WireClient other : others) assertThat(Replies.untilReady(other)).containsExactly("row served", "SELECT 1", "ready IDLE");
        world.assertBooksAddUp();
    }

    @Test
    void who_listens_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient listens = world.client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        List<WireClient> others = world.clients(2);
        world.lose();
        world.awaitWaiting(1);
        assertOthersAreServed(others);
    }

    @Test
    void who_stays_in_a_transaction_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient stays = world.client();
        List<WireClient> others = world.clients(2);
        world.lose();
        stays.send(new Query("begin"));
        world.awaitWaiting(1);
        assertOthersAreServed(others);
        assertThat(Replies.untilReady(stays)).containsExactly("BEGIN", "ready IN_TRANSACTION");
        assertThat(Replies.ask(stays, "commit")).containsExactly("COMMIT", "ready IDLE");
    }

    @Test
    void a_long_statement_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient takesLong = world.client();
        List<WireClient> others = world.clients(2);
        world.lose();
        takesLong.send(new Query("select pg_sleep(600)"));
        world.awaitWaiting(1);
        assertOthersAreServed(others);
    }

    @Test
    void one_that_listens_and_is_refused_within_the_head_of_a_message_goes_on_with_it() throws Exception {
        world.startProxy("max-wait = 1s");
        WireClient listens = world.client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        world.lose();
        ByteBuf query = Unpooled.buffer();
        new Query("select 'heard'").encode(query);
        byte[] bytes = ByteBufUtil.getBytes(query);
        listens.sendRaw(bytes, 0, 3);
        long refused = world.hold("refused");
        await().untilAsserted(() -> assertThat(world.hold("refused")).isGreaterThanOrEqualTo(refused + 2));

        world.comeBack();
        await().untilAsserted(() -> assertThat(world.hold()).containsEntry("state", "open"));
        listens.sendRaw(bytes, 3, bytes.length - 3);
        assertThat(Replies.untilReady(listens)).containsExactly("row heard", "SELECT 1", "ready IDLE");
        world.assertBooksAddUp();
    }

    @Test
    void one_that_listens_and_is_refused_behind_the_rest_of_a_copy_that_failed_hears_nothing_of_it() throws Exception {
        world.startProxy("max-wait = 1s");
        WireClient listens = world.client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        world.lose();
        listens.sendRaw(new byte[] {'d', 0, 0, 0, 5, 'x'}, 0, 6);
        long refused = world.hold("refused");
        await().untilAsserted(() -> assertThat(world.hold("refused")).isGreaterThanOrEqualTo(refused + 2));

        world.comeBack();
        await().untilAsserted(() -> assertThat(world.hold()).containsEntry("state", "open"));
        assertThat(Replies.ask(listens, "select 'heard'")).containsExactly("row heard", "SELECT 1", "ready IDLE");
        world.assertBooksAddUp();
    }
}
