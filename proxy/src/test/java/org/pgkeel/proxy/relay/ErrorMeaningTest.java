package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorMeaningTest {
    @Test
    void a_session_ends_by_the_severity_that_is_never_translated() {
        assertThat(endsSession("SFATAL\0VFATAL\0C57P01\0\0")).isTrue();
        assertThat(endsSession("SPANIK\0VPANIC\0CXX000\0\0")).isTrue();
        assertThat(endsSession("SFEHLER\0VERROR\0C42601\0\0")).isFalse();
        assertThat(endsSession("SFATAL\0C57P01\0\0")).isFalse();
    }

    @Test
    void an_error_without_its_end_is_read_up_to_where_it_breaks_off() {
        String whole = "SFATAL\0VFATAL\0C57P01\0\0";
        for (int length = 0; length <= whole.length(); length++) {
            assertThat(endsSession(whole.substring(0, length))).as("%d bytes", length).isEqualTo(length >= "SFATAL\0VF".length());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"VFATAL\0C57P01\0\0", "VFATAL\0C57P02\0\0", "VFATAL\0C57P03\0\0", "VPANIC\0CXX000\0\0", "SWARNING\0VWARNING\0C57P02\0\0"})
    void a_server_that_goes_down_says_so(String body) {
        assertThat(ErrorMeaning.isShutdown(bytes(body))).isTrue();
        assertThat(ErrorMeaning.isConflict(bytes(body))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"VFATAL\0C57P05\0\0", "VFATAL\0C57P04\0\0", "VFATAL\0C25P03\0\0", "VFATAL\0CXX000\0M57P01\0\0", "\0", ""})
    void what_is_about_this_session_alone_is_no_shutdown(String body) {
        assertThat(ErrorMeaning.isShutdown(bytes(body))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"VFATAL\0C40001\0\0", "VFATAL\0C40P01\0\0", "VFATAL\0C57P04\0\0"})
    void recovery_ends_a_session_of_a_replica(String body) {
        assertThat(ErrorMeaning.isConflict(bytes(body))).isTrue();
    }

    @Test
    void a_plan_is_outdated_by_the_routine_that_found_it_so() {
        assertThat(isOutdatedPlan("SERROR\0VERROR\0C0A000\0Mcached plan must not change result type\0RRevalidateCachedQuery\0\0")).isTrue();
        assertThat(isOutdatedPlan("SERROR\0VERROR\0C0A000\0Mcached plan must not change result type\0Rtransformation\0\0")).isFalse();
        assertThat(isOutdatedPlan("SERROR\0VERROR\0C0A001\0RRevalidateCachedQuery\0\0")).isFalse();
        assertThat(isOutdatedPlan("SERROR\0VERROR\0RRevalidateCachedQuery\0\0")).isFalse();
        assertThat(isOutdatedPlan("SERROR\0VERROR\0C0A000\0RRevalidateCachedQuery")).isFalse();
    }

    private static boolean endsSession(String body) {
        ByteBuf in = behindSomething(body);
        return ErrorMeaning.endsSession(in, 3, in.writerIndex());
    }

    private static boolean isOutdatedPlan(String body) {
        ByteBuf in = behindSomething(body);
        return ErrorMeaning.isOutdatedPlan(in, 3, in.writerIndex());
    }

    private static ByteBuf behindSomething(String body) {
        return Unpooled.copiedBuffer("V\0F" + body, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String body) {
        return body.getBytes(StandardCharsets.UTF_8);
    }
}
