package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What reaches the client of a text whose COMMIT the proxy holds back. The server's bytes come one in a read.
class HeldBackCommitTest {
    private final RelayWorld world = new RelayWorld();
    private final Exchange exchange = world.exchange();

    /// A Query, of which so many statements change the session.
    private void asked(String... effects) {
        world.client.outlives = true;
        for (int i = 0; i < effects.length; i++) exchange.expectEffect(effects[i], i + 1);
        exchange.block().requestSent();
    }

    /// The text is answered but for its COMMIT, and the Close behind it.
    private void answers(BackendBytes replies, char status) {
        says(replies.ready(status));
        exchange.block().expectOwn(null);
        says(server().message('3'));
    }

    private void asks() {
        exchange.block().expectOwn(null);
        exchange.block().expectMark();
        exchange.block().expectOwn(null);
    }

    private static BackendBytes marked() {
        return server().message('2').row("17").complete("SELECT 1").message('3');
    }

    private void commits(String effect) {
        exchange.block().expectOwn(null);
        exchange.block().expectOwn(null);
        exchange.block().expectCommit(effect);
        exchange.block().endsAsItIs();
    }

    private void says(BackendBytes messages) {
        byte[] bytes = messages.bytes();
        for (int i = 0; i < bytes.length; i++) world.says(bytes, i, i + 1);
    }

    private void over(char status, BackendBytes client, String... heard) {
        assertThat(world.client.got()).isEqualTo(client.bytes());
        assertThat(world.client.heard).isEqualTo(List.of(heard));
        assertThat(exchange.settled()).isTrue();
        assertThat(exchange.expectsMore()).isFalse();
        assertThat(exchange.block().isOpen()).isFalse();
        assertThat(exchange.status()).isEqualTo((byte) status);
        world.close();
    }

    @Test
    void the_client_hears_of_its_commit_behind_the_mark_as_the_server_says_it() {
        asked("begins", "sets");
        answers(server().complete("BEGIN").complete("SET").columns().row("x").complete("SELECT 1"), 'T');
        assertThat(exchange.settled()).isFalse();
        assertThat(exchange.status()).as("the client is outside").isEqualTo((byte) 'I');
        asks();
        says(marked());
        commits("ends");
        says(server().message('1').message('2').message('N', "SNOTICE\0\0").complete("COMMIT").message('A', "\0\0\0\7ch\0\0").ready('I'));
        over('I', server().complete("BEGIN").complete("SET").columns().row("x").complete("SELECT 1").message('N', "SNOTICE\0\0").complete("COMMIT").message('A', "\0\0\0\7ch\0\0").ready('I'),
                "completed begins: BEGIN", "completed sets: SET", "block goes on T", "marked", "keeps", "completed ends: COMMIT", "ready I", "settled I");
    }

    @Test
    void the_end_of_the_question_may_come_with_the_commits() {
        asked();
        answers(server().complete("BEGIN").complete("INSERT 0 1"), 'T');
        asks();
        says(server().message('2').row("17"));
        commits("ends");
        says(server().complete("SELECT 1").message('3').message('1').message('2').complete("COMMIT").ready('I'));
        over('I', server().complete("BEGIN").complete("INSERT 0 1").complete("COMMIT").ready('I'), "block goes on T", "marked", "keeps", "completed ends: COMMIT", "ready I", "settled I");
    }

    @Test
    void a_chained_commit_leaves_the_client_in_the_next_transaction() {
        asked();
        answers(server().complete("INSERT 0 1"), 'T');
        asks();
        says(marked());
        commits(null);
        says(server().message('1').message('2').complete("COMMIT").ready('T'));
        over('T', server().complete("INSERT 0 1").complete("COMMIT").ready('T'), "block goes on T", "marked", "keeps", "ready T", "settled T");
    }

    @Test
    void a_commit_that_fails_is_an_error_and_nothing_else() {
        asked();
        answers(server().complete("BEGIN").complete("INSERT 0 1"), 'T');
        asks();
        says(marked());
        commits("ends");
        says(server().message('1').message('2').error("ERROR", "23503").ready('I'));
        over('I', server().complete("BEGIN").complete("INSERT 0 1").error("ERROR", "23503").ready('I'), "block goes on T", "marked", "failed", "ready I", "settled I");
    }

    @Test
    void a_text_that_fails_leaves_its_client_in_the_failed_transaction() {
        asked("begins", "never");
        answers(server().complete("BEGIN").error("ERROR", "22012"), 'E');
        exchange.block().endsAsItIs();
        says(server().ready('E'));
        over('E', server().complete("BEGIN").error("ERROR", "22012").ready('E'), "completed begins: BEGIN", "failed", "block goes on E", "ready E", "settled E");
    }

    @Test
    void a_text_that_fails_ahead_of_its_begin_leaves_its_client_outside() {
        asked();
        answers(server().error("ERROR", "22012"), 'I');
        assertThat(exchange.hasFailed()).isTrue();
        exchange.block().endsAsItIs();
        says(server().ready('I'));
        over('I', server().error("ERROR", "22012").ready('I'), "failed", "block goes on I", "ready I", "settled I");
    }

    @Test
    void an_error_of_the_question_that_meets_the_commit_leaves_nothing_of_it() {
        asked();
        answers(server().complete("BEGIN").complete("INSERT 0 1"), 'T');
        asks();
        says(server().message('2').row("17"));
        commits("ends");
        says(server().error("ERROR", "57014").ready('E'));
        over('E', server().complete("BEGIN").complete("INSERT 0 1").error("ERROR", "57014").ready('E'), "block goes on T", "marked", "failed", "ready E", "settled E");
    }

    @Test
    void what_the_server_reports_of_its_parameters_stands_at_the_end_and_only_what_its_client_does_not_know() {
        asked();
        answers(server().complete("BEGIN").complete("SET").complete("SET").message('S', "TimeZone\0UTC\0").message('S', "application_name\0local\0"), 'T');
        asks();
        says(marked());
        commits("ends");
        says(server().message('1').message('2').complete("COMMIT").message('S', "application_name\0known\0").ready('I'));
        over('I', server().complete("BEGIN").complete("SET").complete("SET").complete("COMMIT").message('S', "TimeZone\0UTC\0").ready('I'),
                "block goes on T", "marked", "keeps", "completed ends: COMMIT", "TimeZone=UTC", "ready I", "settled I");
    }
}
