package org.pgkeel.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    @Test
    void the_median_of_an_odd_number_is_the_middle_one() {
        assertThat(Statistics.median(5, 1, 3)).isEqualTo(3);
    }

    @Test
    void the_median_of_an_even_number_lies_between_the_middle_ones() {
        assertThat(Statistics.median(4, 1, 3, 100)).isEqualTo(3.5);
    }

    @Test
    void the_median_of_nothing_is_not_a_number() {
        assertThat(Statistics.median()).isNaN();
    }

    @Test
    void percentiles_are_values_that_occurred() {
        double[] oneToHundred = IntStream.rangeClosed(1, 100).asDoubleStream().toArray();

        assertThat(Statistics.percentile(50, oneToHundred)).isEqualTo(50);
        assertThat(Statistics.percentile(99, oneToHundred)).isEqualTo(99);
        assertThat(Statistics.percentile(100, oneToHundred)).isEqualTo(100);
        assertThat(Statistics.percentile(99, 7)).isEqualTo(7);
        assertThat(Statistics.percentile(99)).isNaN();
    }

    @Test
    void the_order_of_the_values_does_not_matter_and_is_kept() {
        double[] values = {3, 1, 2};

        assertThat(Statistics.percentile(50, values)).isEqualTo(2);
        assertThat(values).containsExactly(3, 1, 2);
    }

    @Test
    void a_percentile_beyond_its_range_is_refused() {
        assertThatThrownBy(() -> Statistics.percentile(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Statistics.percentile(100.5, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
