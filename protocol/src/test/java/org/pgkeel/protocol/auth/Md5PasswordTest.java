package org.pgkeel.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.wire.Octets;

class Md5PasswordTest {
    /// `pg_authid.rolpassword` of role m1 with password secret, as PostgreSQL computed it.
    private static final String SECRET = "md5132ecbcbfa11be529b63ea4c4e734056";
    private static final Octets SALT = Octets.of(new byte[] {1, 2, 3, 4});

    @Test void keeps_a_password_as_postgresql_does() {
        assertThat(Md5Password.secret("secret", "m1")).isEqualTo(SECRET);
        assertThat(Md5Password.isSecret(SECRET)).isTrue();
        assertThat(Md5Password.isSecret("secret")).isFalse();
        assertThat(Md5Password.isSecret("md5132ECBCBFA11BE529B63EA4C4E734056")).isFalse();
    }

    @Test void answers_a_salt_alike_from_the_password_and_from_what_is_kept() {
        assertThat(Md5Password.response("secret", "m1", SALT)).isEqualTo("md5d5d56b111425e15f006f7e941da8dc2e");
        assertThat(Md5Password.response(SECRET, "m1", SALT)).isEqualTo("md5d5d56b111425e15f006f7e941da8dc2e");
    }

    @Test void the_right_response_matches_and_no_other() {
        String response = Md5Password.response("secret", "m1", SALT);
        assertThat(Md5Password.matches(SECRET, "m1", SALT, response)).isTrue();
        assertThat(Md5Password.matches("secret", "m1", SALT, response)).isTrue();
        assertThat(Md5Password.matches("other", "m1", SALT, response)).isFalse();
        assertThat(Md5Password.matches("secret", "m1", Octets.of(new byte[] {1, 2, 3, 5}), response)).isFalse();
        assertThat(Md5Password.matches("secret", "m1", SALT, SECRET)).isFalse();
        assertThat(Md5Password.matches("secret", "m1", SALT, "")).isFalse();
    }
}
