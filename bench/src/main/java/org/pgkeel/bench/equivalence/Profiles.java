package org.pgkeel.bench.equivalence;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/// Settings of a session that change what a statement means or what a reply looks like.
final class Profiles {
    /// @param charset in which the session speaks
    /// @param sets    one statement each
    record Profile(Charset charset, List<String> sets) {}

    static final Profile READ_ONLY = of("set default_transaction_read_only to on");
    private static final List<Profile> ODD = List.of(
            of("set timezone to 'America/New_York'", "set datestyle to 'German'"),
            of("set datestyle to 'SQL, DMY'", "set intervalstyle to 'iso_8601'"),
            new Profile(StandardCharsets.ISO_8859_1, List.of("set client_encoding to 'LATIN1'")),
            of("set search_path to other, public"),
            of("set app.user to 'alice'"),
            of("set app.user to 'bob'", "set timezone to 'Asia/Tokyo'"),
            of("set standard_conforming_strings to off", "set escape_string_warning to off"),
            of("set default_transaction_isolation to 'repeatable read'"),
            READ_ONLY,
            of("set synchronous_commit to off"),
            of("set array_nulls to off", "set bytea_output to 'escape'", "set extra_float_digits to -5"),
            of("set row_security to off"),
            of("set application_name to 'a client'"),
            of("set client_min_messages to error"),
            of("set intervalstyle to 'sql_standard'", "set xmloption to document"));
    private static final Profile PLAIN = of();

    private Profiles() {}

    static Profile any(SplittableRandom random) {
        return random.nextInt(100) < 75 ? PLAIN : ODD.get(random.nextInt(ODD.size()));
    }

    private static Profile of(String... sets) {
        return new Profile(StandardCharsets.UTF_8, List.of(sets));
    }
}
