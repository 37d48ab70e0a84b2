package org.pgkeel.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.wire.Octets;

class ScramVerifierTest {
    /// Password to `pg_authid.rolpassword`, as PostgreSQL 15 computed it.
    private static final Map<String, String> FROM_POSTGRESQL = Map.of(
            "pencil", "SCRAM-SHA-256$4096:T8jTDBjDQQtJfhG0rHLeUw==$oFWRTYJ0i+my550Hk2Fxx0igepcdeJiBwWhVoqWHD08=:"
                    + "aXd5hkfIccwXKSyvmKtHPBsCeE3ED26bfSocx/KCQCE=",
            "I\u00ADX", "SCRAM-SHA-256$4096:J4tWKzVLv0S2SFgDuw4Sjg==$S/frVEQ5jiAqZ1g/BSL2HTYAVcfvpOxH1nPwNHvsVOM=:"
                    + "GJbAexQKG9AKChCs/wf6hPsK4ZSVQEKdfQH8gScZjC0=",
            "\u2168 p\u00e4ss\u2003w\u00f6rd", "SCRAM-SHA-256$4096:LafkbO/sksxqqHojxRJiWA==$"
                    + "RprHgcUXJA71w9JHTvUpvVLdKnTeNGOxhZioIvhN6Ew=:ypbMiNTD9l5nmSwdfdaGI1OTkKWEDSSIkHymbhJs73w=",
            "bad\u0007bell\u0627\u0031", "SCRAM-SHA-256$4096:Mymj8o6Sm3yo3cR8xPgbEg==$"
                    + "WZDQC1+xSO75dUn9Wd2J8QFM+JayEmkxilLrgcly2Bc=:CtrpeCZ92NF5Tgoguc3zyoE2tg3ykN7gMGRQwgDNGGs=",
            "a\u00a0b\u200bc", "SCRAM-SHA-256$4096:KtrBVJLQhI8+Iqx4VtXryA==$Ap4GZyubfkokixooTOhKlX2WRhX+bqYkRfIs4LdaNn4=:"
                    + "GkKQ8I303svIGJkVc2/8kJ8/Wk8xAztxzsCdTmI4r60=",
            "unassigned\u0221", "SCRAM-SHA-256$4096:X24F8zZ7efvKRSssu3D3fQ==$yPVY0BxiCTHkgc7W9Qe25I+N05Cn7Q/nny+DIXS+v4w=:"
                    + "X6YA5KIQug/ZEuKhBHa4aQ8S7oPpHTZVRrqFBrX+uzY=",
            "h\u0340", "SCRAM-SHA-256$4096:Tv4NWUtc/Ww/oE2mYrWsaw==$ZhaQ3HFcMj0sjle/0YU/uX0jC6nZ7ZcLsT2wZTxFwIE=:"
                    + "f/N0hJw83YfTE/39mtGaefEfr33IAJrYvqtdTdZFYhA=",
            "\u00a0\u4a50\ufad5", "SCRAM-SHA-256$4096:YUKJxWiiNHVycaR0qiJ87Q==$giuVdn3ErGtxPj9mj4xN0DeVwpJKC717bgl+hpZFeP0=:"
                    + "JajJf9tzCqeoyq3E6Dfyp8V+7xLt76PtDYNT80A1D5Q=",
            "\u00ad", "SCRAM-SHA-256$4096:ilc7vJRrWQTSUh1tC2PHjQ==$gZCCjJzcj0YYT58hDdadfATsB5Cr1XVMqOUTNmHdD3Y=:"
                    + "pmjZcTWqEqsF249a12jMDCZGMnz8Qm6ZUn4AoBoixMo=");
    private static final String KEYS =
            "T8jTDBjDQQtJfhG0rHLeUw==$oFWRTYJ0i+my550Hk2Fxx0igepcdeJiBwWhVoqWHD08=:aXd5hkfIccwXKSyvmKtHPBsCeE3ED26bfSocx/KCQCE=";
    private static final Octets SERVER_SECRET = Octets.ofText("a secret of this server");

    @Test void derives_the_same_verifiers_as_postgresql_whatever_saslprep_says_of_the_password() {
        FROM_POSTGRESQL.forEach((password, secret) -> {
            ScramVerifier kept = ScramVerifier.parse(secret).orElseThrow();
            assertThat(ScramVerifier.derive(password, kept.salt(), kept.iterations()).secret())
                    .as("verifier of a password of %d characters", password.length()).isEqualTo(secret);
        });
    }

    @Test void knows_its_password_and_no_other() {
        ScramVerifier verifier = ScramVerifier.parse(FROM_POSTGRESQL.get("pencil")).orElseThrow();
        assertThat(verifier.matches("pencil")).isTrue();
        assertThat(verifier.matches("Pencil")).isFalse();
    }

    @Test void writes_what_it_reads() {
        FROM_POSTGRESQL.values().forEach(secret ->
                assertThat(ScramVerifier.parse(secret).map(ScramVerifier::secret)).contains(secret));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "", "pencil", "md5132ecbcbfa11be529b63ea4c4e734056", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA",
            "SCRAM-SHA-256$0:" + KEYS,
            "SCRAM-SHA-256$9999999999:" + KEYS,
            "SCRAM-SHA-256$4096:!$oFWRTYJ0i+my550Hk2Fxx0igepcdeJiBwWhVoqWHD08=:aXd5hkfIccwXKSyvmKtHPBsCeE3ED26bfSocx/KCQCE="})
    void anything_else_is_no_verifier(String text) {
        assertThat(ScramVerifier.parse(text)).isEmpty();
    }

    @Test void an_unknown_user_has_the_same_salt_each_time_and_another_than_his_neighbour() {
        ScramVerifier first = ScramVerifier.mock(SERVER_SECRET, "alice", 4096);
        assertThat(ScramVerifier.mock(SERVER_SECRET, "alice", 4096)).isEqualTo(first);
        assertThat(ScramVerifier.mock(SERVER_SECRET, "bob", 4096).salt()).isNotEqualTo(first.salt());
        assertThat(ScramVerifier.mock(Octets.ofText("of another server"), "alice", 4096).salt()).isNotEqualTo(first.salt());
        assertThat(first.salt().size()).isEqualTo(ScramVerifier.SALT_BYTES);
        assertThat(first.salt()).isEqualTo(ScramVerifier.saltOf(SERVER_SECRET, "alice"));
    }

    @Test void shows_neither_salt_nor_keys() {
        assertThat(ScramVerifier.parse(FROM_POSTGRESQL.get("pencil")).orElseThrow()).hasToString("ScramVerifier[4096 iterations]");
    }
}
