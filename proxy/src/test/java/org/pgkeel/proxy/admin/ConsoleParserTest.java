package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the console understands.
class ConsoleParserTest {
    @Test void statements_end_at_semicolons_outside_of_quotes_and_comments() throws ConsoleSyntaxError {
        assertThat(ConsoleParser.parse("SHOW POOLS /* ; */; pause \"a;\"\"b\"; -- ;\n;resume 'it''s'")).hasSize(3);
        assertThat(ConsoleLexer.statements("pause \"a;\"\"b\"").getFirst().getLast().text()).isEqualTo("a;\"b");
        assertThat(ConsoleLexer.statements("pause 'it''s'").getFirst().getLast().text()).isEqualTo("it's");
    }

    @Test void names_with_a_dash_need_no_quotes() throws ConsoleSyntaxError {
        assertThat(ConsoleLexer.statements("pause my-db.v2--gone\n").getFirst())
                .extracting(ConsoleLexer.Token::text).containsExactly("pause", "my-db.v2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'", "\"", "/*", "pause 'a", "show pools pools", "pause ;; a b", "1", "kill_client 1 2", "shutdown now", "select", ","})
    void what_it_does_not_understand_is_a_syntax_error(String sql) {
        assertThatThrownBy(() -> ConsoleParser.parse(sql)).isInstanceOf(ConsoleSyntaxError.class);
    }

    @Test void select_shows_tables_as_in_pgbouncer() throws ConsoleSyntaxError {
        assertThat(ConsoleParser.parse("select pools")).isEqualTo(List.of(new ConsoleCommand.Show(PoolTables.POOLS)));
    }

    @Test void any_text_is_understood_or_a_syntax_error() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("replay with -Dpgkeel.seed=" + seed);
        var random = new Random(seed);
        String alphabet = "showpausetkilct \t\n;'\"-/*=,()$._1é\uD83D\uDE00SELECT";
        for (int run = 0; run < 20_000; run++) {
            var text = new StringBuilder();
            for (int length = random.nextInt(30); length > 0; length--) text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            try {
                assertThat(ConsoleParser.parse(text.toString())).isNotNull();
            } catch (ConsoleSyntaxError expected) {
                assertThat(expected.answer().message()).isNotEmpty();
            }
        }
    }
}
