package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LexerTest {
    private static List<String> tokens(String sql, boolean standardConformingStrings) {
        Lexer lexer = new Lexer(sql, new Dialect(standardConformingStrings, Characters.UTF8));
        List<String> tokens = new ArrayList<>();
        for (Token token = lexer.next(); !token.isEnd(); token = lexer.next()) {
            tokens.add(switch (token.kind()) {
                case WORD -> token.text();
                case QUOTED_IDENTIFIER -> '"' + token.text() + '"';
                case STRING -> "'" + token.text() + "'";
                case NUMBER -> "#" + token.text();
                case PARAMETER, SYMBOL, END -> token.text();
            });
        }
        return tokens;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '!', quoteCharacter = '`', textBlock = """
            SELECT Straße, été$1              ! select straße , été$1
            'it''s'                           ! 'it's'
            'back\\slash'                     ! 'back\\slash'
            e'a\\'b\\\\c\\td'                 ! `'a'b\\c	d'`
            E'\\x41\\102\\u0043\\U00000044'   ! 'ABCD'
            E'\\xc3\\xa9\\u00e9'             ! 'Ã©Ã©'
            N'n' b'01' X'1F'                  ! 'n' '01' '1F'
            nothing 'n'                       ! nothing 'n'
            U&'d\\0061t\\+000061\\\\'         ! 'data\\'
            U&'d?0061' UESCAPE '?'            ! 'da'
            U&"d\\0061ta" x                   ! "data" x
            u & 'a'                           ! u & 'a'
            $$a'b$$ x                         ! 'a'b' x
            $f$ $$ ; $g$ $f$;                 ! ' $$ ; $g$ ' ;
            $é1$x$é1$                         ! 'x'
            a$b$c                             ! a$b$c
            $1+$23                            ! $1 + $23
            1.5e-3 .5 1e3 0x1F 1_000 12.      ! #1.5e-3 #.5 #1e3 #0x1F #1_000 #12.
            1-2 -3                            ! #1 - #2 - #3
            a--b                              ! a
            a/*b/*c*/d*/e                     ! a e
            a/*'*/c '*/'                      ! a c '*/'
            a - -b /-c                        ! a - - b / - c
            '/*' '--'                         ! '/*' '--'
            x::text[1]                        ! x : : text [ #1 ]
            'open                             ! 'open'
            "open                             ! "open"
            $q$open$$                         ! 'open$$'
            /* open                           ! ``
            a <= b;c                          ! a < = b ; c
            """)
    void every_form_of_quoting_is_understood(String sql, String expected) {
        assertThat(String.join(" ", tokens(sql, true))).isEqualTo(expected);
    }

    @Test void a_string_goes_on_behind_a_line_break() {
        assertThat(tokens("'a' \n -- note\n 'b' 'c'", true)).containsExactly("'ab'", "'c'");
        assertThat(tokens("E'a\\''\r\n'\\n'", true)).containsExactly("'a'\n'");
    }

    @Test void a_backslash_escapes_in_plain_strings_when_strings_do_not_conform() {
        assertThat(tokens("'a\\';' b", false)).containsExactly("'a';'", "b");
        assertThat(tokens("'a\\';' b", true)).containsExactly("'a\\'", ";", "' b'");
        assertThat(tokens("n'a\\';' b'\\'", false)).containsExactly("'a';'", "'\\'");
    }

    @Test void every_kind_of_white_space_separates() {
        assertThat(tokens("a\tb\nc\fd\u000be\rf", true)).containsExactly("a", "b", "c", "d", "e", "f");
    }

    @Test void identifiers_are_unquoted_and_cut_as_the_server_does() {
        assertThat(tokens("\"Quoted \"\"Name\"\"\"", true)).containsExactly("\"Quoted \"Name\"\"");
        assertThat(tokens("x".repeat(70), true)).containsExactly("x".repeat(63));
        assertThat(tokens("\"" + "Ã©".repeat(40) + "\"", true)).containsExactly('"' + "Ã©".repeat(31) + '"');
        assertThat(tokens("\"" + "Ã©".repeat(31) + "\"", true)).containsExactly('"' + "Ã©".repeat(31) + '"');
    }
}
