package org.pgkeel.proxy.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CatalogueRefreshTest {
    private static final Catalogue FETCHED = Catalogue.builtin();
    private static final long SECOND = 1_000_000_000L;
    private Duration interval = Duration.ofSeconds(60);
    private final CatalogueRefresh refresh = new CatalogueRefresh(() -> interval);

    @Test
    void it_asks_at_once_and_then_at_the_interval() {
        assertThat(refresh.current()).isSameAs(Catalogue.unknown());
        assertThat(refresh.isDue(0)).isTrue();
        refresh.asked(0);
        assertThat(refresh.isDue(1)).isFalse();
        refresh.answered(FETCHED);
        assertThat(refresh.current()).isSameAs(FETCHED);
        assertThat(refresh.isDue(59 * SECOND)).isFalse();
        assertThat(refresh.isDue(60 * SECOND)).isTrue();
        interval = Duration.ofSeconds(90);
        assertThat(refresh.isDue(60 * SECOND)).as("after a reload").isFalse();
    }

    @Test
    void a_change_makes_what_is_known_doubtful_until_a_later_question_is_answered() {
        refresh.asked(0);
        refresh.changed(1);
        refresh.answered(FETCHED);
        assertThat(refresh.current()).isSameAs(Catalogue.unknown());
        assertThat(refresh.isDue(2)).isTrue();
        assertThat(refresh.dueNanos(2)).isEqualTo(2);
        refresh.asked(2);
        assertThat(refresh.current()).isSameAs(Catalogue.unknown());
        refresh.answered(FETCHED);
        assertThat(refresh.current()).isSameAs(FETCHED);
    }

    @Test
    void without_an_answer_it_asks_again_after_a_pause_and_goes_on_with_what_it_knew() {
        refresh.asked(0);
        refresh.answered(FETCHED);
        refresh.asked(60 * SECOND);
        refresh.failed(61 * SECOND);
        assertThat(refresh.current()).isSameAs(FETCHED);
        refresh.changed(61 * SECOND + 1);
        assertThat(refresh.isDue(61 * SECOND + 2)).isFalse();
        assertThat(refresh.isDue(62 * SECOND)).isTrue();
    }

    @Test
    void where_something_is_used_that_it_does_not_have_it_asks_sooner_and_ever_more_rarely_within_an_interval() {
        refresh.asked(0);
        refresh.answered(FETCHED);
        refresh.missed();
        assertThat(refresh.current()).isSameAs(FETCHED);
        assertThat(refresh.isDue(SECOND - 1)).isFalse();
        long last = 0;
        for (long pause : new long[] {1, 2, 4, 8, 16, 32, 60, 1, 2}) {   // the interval comes before 64
            refresh.missed();
            long due = last + pause * SECOND;
            assertThat(refresh.isDue(due - 1)).as("%s s after %s", pause, last / SECOND).isFalse();
            assertThat(refresh.isDue(due)).as("%s s after %s", pause, last / SECOND).isTrue();
            assertThat(refresh.dueNanos(last)).isEqualTo(due);
            refresh.asked(due);
            refresh.answered(FETCHED);
            last = due;
        }
        assertThat(refresh.isDue(last + 59 * SECOND)).as("nothing was missed since").isFalse();
    }
}
