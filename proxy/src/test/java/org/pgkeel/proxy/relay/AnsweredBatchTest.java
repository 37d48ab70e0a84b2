package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnsweredBatchTest {
    private final AnsweredBatch batch = new AnsweredBatch();

    @Test
    void replies_that_another_backend_gave_are_not_shown_again() {
        batch.suppress(2);

        assertThat(batch.had()).isEqualTo(2);
        assertThat(batch.isNews()).isFalse();
        assertThat(batch.isNews()).isFalse();
        assertThat(batch.had()).isEqualTo(2);
        assertThat(batch.isNews()).isTrue();
        assertThat(batch.had()).isEqualTo(3);
    }

    @Test
    void the_next_batch_begins_with_nothing() {
        batch.suppress(2);
        batch.isNews();
        batch.rowsCame(0);
        batch.ended();

        assertThat(batch.had()).isZero();
        assertThat(batch.hasRows()).isFalse();
        assertThat(batch.isNews()).isTrue();
    }

    @Test
    void what_is_withheld_is_not_what_the_client_had_before() {
        batch.isNews();
        batch.isNews();
        batch.withholds(1, false);
        batch.isNews();
        batch.rowsCame(0);

        assertThat(batch.hadBefore()).isEqualTo(1);
        assertThat(batch.hadRowsBefore()).isFalse();
        assertThat(batch.had()).isEqualTo(3);
        assertThat(batch.hasRows()).isTrue();
    }

    @Test
    void rows_that_were_not_written_yet_are_withheld_too() {
        batch.isNews();
        batch.rowsCame(20);
        batch.isNews();
        batch.withholds(0, true);

        assertThat(batch.hadBefore()).isEqualTo(1);
        assertThat(batch.hadRowsBefore()).isFalse();
    }

    @Test
    void rows_of_a_read_before_that_were_not_written_are_taken_back() {
        batch.rowsCame(20);
        batch.readBegins(0);

        assertThat(batch.takeBackRows(0, 60)).isZero();
        assertThat(batch.hasRows()).isFalse();
    }

    @Test
    void a_repeated_batch_shows_again_what_was_withheld_and_only_that() {
        batch.isNews();
        batch.withholds(0, false);
        batch.isNews();
        batch.repeatedFromWithheld();

        assertThat(batch.isNews()).isFalse();
        assertThat(batch.isNews()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void however_often_a_batch_is_repeated_each_reply_is_shown_once(long seed) {
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            int replies = random.nextInt(12);
            int shown = random.nextInt(replies + 1);   // by a backend that was lost
            batch.suppress(shown);
            for (int attempt = random.nextInt(4); attempt >= 0; attempt--) {
                int comes = attempt == 0 ? replies : random.nextInt(replies + 1);
                for (int i = 0; i < comes; i++) {
                    int had = batch.had();
                    if (batch.isNews()) shown++;
                    assertThat(batch.had()).as("seed %d, round %d", seed, round).isEqualTo(Math.max(had, i + 1)).isEqualTo(shown);
                }
                if (attempt > 0) batch.repeated();
            }
            assertThat(shown).as("seed %d, round %d", seed, round).isEqualTo(replies);
            batch.ended();
        }
    }

    @Test
    void rows_that_were_not_written_are_taken_back_once_with_what_came_behind_them() {
        batch.suppress(2);
        batch.isNews();
        batch.rowsCame(20);
        batch.rowsCame(40);
        batch.isNews();
        batch.isNews();

        assertThat(batch.hasWrittenRows(0)).isFalse();
        assertThat(batch.takeBackRows(0, 60)).isEqualTo(20);
        assertThat(batch.hasRows()).isFalse();
        assertThat(batch.had()).isEqualTo(2);
        assertThat(batch.takeBackRows(0, 60)).isEqualTo(60);
    }

    @Test
    void rows_that_were_written_stay() {
        batch.rowsCame(20);
        assertThat(batch.takeBackRows(21, 60)).as("in this read").isEqualTo(60);
        batch.readBegins(AnsweredBatch.ELSEWHERE);
        batch.rowsCame(10);
        assertThat(batch.takeBackRows(0, 60)).as("in the read before").isEqualTo(60);
        assertThat(batch.hasRows()).isTrue();
    }
}
