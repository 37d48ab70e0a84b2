package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What reaches the client of a request that runs in a transaction block of the proxy's own. The server's bytes come one in a read.
class EnclosedBatchTest {
    private final RelayWorld world = new RelayWorld();
    private final Exchange exchange = world.exchange();

    /// BEGIN and a Query of so many commands.
    private void asked(int commands) {
        world.client.outlives = true;
        for (int i = 0; i < 2; i++) {
            exchange.expectOwnReply(null);
            exchange.messageSent();
        }
        exchange.expectOwnReply(null);
        exchange.executeSent();
        exchange.block().expectKept(commands);
        exchange.block().requestSent();
    }

    /// The request is answered, and the Close behind it.
    private void answers(BackendBytes replies, char status) {
        says(replies.ready(status));
        exchange.block().expectOwn(null);
        says(server().message('3'));
    }

    /// The question for the mark.
    private void marks() {
        exchange.block().expectOwn(null);
        exchange.block().expectMark();
        exchange.block().expectOwn(null);
    }

    private void commits() {
        exchange.block().expectOwn(null);
        exchange.block().expectOwn(null);
        exchange.block().expectOwn(null);
        exchange.block().endsOutside();
    }

    private void rollsBack() {
        for (int i = 0; i < 3; i++) exchange.block().expectOwn(null);
        exchange.block().endsOutside();
    }

    private static BackendBytes begun() {
        return server().message('1').message('2').complete("BEGIN");
    }

    private static BackendBytes marked() {
        return server().message('2').row("17").complete("SELECT 1").message('3');
    }

    private void says(BackendBytes messages) {
        byte[] bytes = messages.bytes();
        for (int i = 0; i < bytes.length; i++) world.says(bytes, i, i + 1);
    }

    private void over(BackendBytes client, String... heard) {
        assertThat(world.client.got()).isEqualTo(client.bytes());
        assertThat(world.client.heard).isEqualTo(List.of(heard));
        assertThat(exchange.settled()).isTrue();
        assertThat(exchange.expectsMore()).isFalse();
        assertThat(exchange.block().isOpen()).isFalse();
        assertThat(exchange.status()).isEqualTo((byte) 'I');
        world.close();
    }

    @Test
    void the_client_hears_of_its_last_command_when_the_block_is_committed() {
        asked(2);
        answers(begun().complete("INSERT 0 1").columns().row("x").complete("SELECT 1"), 'T');
        assertThat(world.client.got()).isEqualTo(server().complete("INSERT 0 1").columns().row("x").bytes());
        assertThat(exchange.block().isOpen()).isTrue();
        assertThat(exchange.settled()).isFalse();
        assertThat(exchange.status()).as("the client is outside").isEqualTo((byte) 'I');
        marks();
        says(marked());
        commits();
        says(server().message('1').message('2').message('N', "SNOTICE\0\0").complete("COMMIT").message('A', "\0\0\0\7ch\0\0").ready('I'));
        over(server().complete("INSERT 0 1").columns().row("x").message('N', "SNOTICE\0\0").complete("SELECT 1").message('A', "\0\0\0\7ch\0\0").ready('I'),
                "keeps", "block goes on T", "marked", "ready I", "settled I");
    }

    @Test
    void a_commit_that_fails_takes_the_place_of_the_last_command() {
        asked(2);
        answers(begun().complete("INSERT 0 1").complete("INSERT 0 2"), 'T');
        marks();
        says(marked());
        commits();
        says(server().message('1').message('2').error("ERROR", "23503").ready('I'));
        over(server().complete("INSERT 0 1").error("ERROR", "23503").ready('I'), "keeps", "block goes on T", "marked", "failed", "ready I", "settled I");
    }

    @Test
    void a_text_that_fails_is_rolled_back() {
        asked(3);
        answers(begun().complete("INSERT 0 1").error("ERROR", "22012"), 'E');
        rollsBack();
        says(server().message('1').message('2').complete("ROLLBACK").ready('I'));
        over(server().complete("INSERT 0 1").error("ERROR", "22012").ready('I'), "failed", "block goes on E", "ready I", "settled I");
    }

    @Test
    void a_cancel_of_the_question_is_the_texts_error() {
        asked(2);
        answers(begun().complete("INSERT 0 1").complete("INSERT 0 2"), 'T');
        marks();
        says(server().message('2').row("17").error("ERROR", "57014").ready('E'));
        rollsBack();
        says(server().message('1').message('2').complete("ROLLBACK").ready('I'));
        over(server().complete("INSERT 0 1").error("ERROR", "57014").ready('I'), "keeps", "block goes on T", "marked", "failed", "block goes on E", "ready I", "settled I");
    }

    @Test
    void an_error_of_the_question_that_meets_the_commit_leaves_nothing_of_it() {
        asked(2);
        answers(begun().complete("INSERT 0 1").complete("INSERT 0 2"), 'T');
        marks();
        says(server().message('2').row("17"));
        commits();
        says(server().error("ERROR", "57014").ready('E'));
        rollsBack();
        says(server().message('1').message('2').complete("ROLLBACK").ready('I'));
        over(server().complete("INSERT 0 1").error("ERROR", "57014").ready('I'), "keeps", "block goes on T", "marked", "failed", "block goes on E", "ready I", "settled I");
    }

    @Test
    void a_cancel_of_the_rollback_is_no_second_error() {
        asked(2);
        answers(begun().error("ERROR", "22012"), 'E');
        rollsBack();
        says(server().error("ERROR", "57014").ready('E'));
        rollsBack();
        says(server().message('1').message('2').complete("ROLLBACK").ready('I'));
        over(server().error("ERROR", "22012").ready('I'), "failed", "block goes on E", "block goes on E", "ready I", "settled I");
    }

    @Test
    void a_begin_that_fails_is_the_texts_error() {
        asked(2);
        assertThat(exchange.block().hasBegun()).isFalse();
        says(server().message('1').message('2').error("ERROR", "57014"));
        assertThat(exchange.block().hasBegun()).isFalse();
        exchange.block().endsOutside();
        says(server().ready('I'));
        over(server().error("ERROR", "57014").ready('I'), "failed", "ready I", "settled I");
    }

    @Test
    void a_text_that_ends_the_block_by_itself_is_not_over_with_that() {
        asked(2);
        answers(begun().complete("INSERT 0 1").complete("COMMIT"), 'I');
        assertThat(exchange.block().isOpen()).isTrue();
        assertThat(exchange.settled()).isFalse();
        exchange.block().endsOutside();
        says(server().ready('I'));
        over(server().complete("INSERT 0 1").complete("COMMIT").ready('I'), "keeps", "block goes on I", "ready I", "settled I");
    }

    @Test
    void a_text_of_more_commands_than_were_counted_is_found_out() {
        asked(2);
        answers(begun().complete("INSERT 0 1").complete("INSERT 0 2"), 'T');
        assertThat(exchange.block().isBehindKept()).isFalse();
        rollsBack();
        says(server().message('1').message('2').complete("ROLLBACK").ready('I'));

        asked(2);
        answers(begun().complete("INSERT 0 1").complete("INSERT 0 2").complete("INSERT 0 3"), 'T');
        assertThat(exchange.block().isBehindKept()).isTrue();
        world.close();
    }

    @Test
    void an_aside_ahead_of_the_block_does_not_end_it() {
        world.connection.aside("SET a = 1", new Aside() {
            @Override
            public void error(byte[] errorBody) {}

            @Override
            public void done(byte status) {}
        });
        asked(1);
        says(server().complete("SET").ready('I'));
        assertThat(exchange.block().isOpen()).isTrue();
        answers(begun().complete("INSERT 0 1"), 'T');
        marks();
        says(marked());
        commits();
        says(server().message('1').message('2').complete("COMMIT").ready('I'));
        over(server().complete("INSERT 0 1").ready('I'), "keeps", "block goes on T", "marked", "ready I", "settled I");
    }
}
